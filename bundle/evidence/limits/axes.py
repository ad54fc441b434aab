"""The limits that there are."""

#: Name of a limit to the title of its axis.
AXES = {
    "pairs": "training pairs",
    "displacement": "misregistration of the training pairs / pixels",
    "material": "implant",
    "noise": "noise added to the CT / window width",
    "blur": "blur of the CT / pixels",
    "brightness": "brightness of the CT / of the training's",
    "gain": "gain of the CT, its window found / of the training's",
    "offset": "offset of the CT, its window found / window width",
    "voxel": "pixel size to which CT and section are resampled / micrometres",
    "pixel": "pixel size of the scan / micrometres",
    "energy": "energy of the X-rays / keV",
    "grey": "what the scan is stored as",
    "look": "amount of dye in the section",
}
