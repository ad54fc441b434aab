"""Names of the files in a pair's folder."""

from __future__ import annotations

import re

CT = "ct.tif"
HISTOLOGY = "histology.png"
NORMALISED = "normalised.png"  # the section as if it were dyed as the others are
MASK = "mask.png"
REPORT = "report.json"
PICTURE = "report.png"
PAGE = "report.html"
FIELD = "places.npz"  # where each pixel of the section lies in the scan
WORK = "work.json"  # what a pair was made of
LEFT_BY_VIEWERS = re.compile(r"\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$")
OF_A_PAIR = {CT, HISTOLOGY, NORMALISED, MASK, REPORT, PICTURE, PAGE, FIELD, WORK}
OF_A_PAIR |= {f"{name}.partial" for name in OF_A_PAIR}  # of a run that was killed while it wrote one
