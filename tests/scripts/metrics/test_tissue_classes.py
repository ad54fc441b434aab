from bundle.synthetic.phantom.anatomy import materials
from scripts.metrics import tissue_classes


def test_the_phantom_numbers_its_tissues_alike() -> None:
    assert tissue_classes.CLASSES == materials.CLASSES
    assert len(tissue_classes.SHORT) == len(set(tissue_classes.SHORT)) == len(tissue_classes.CLASSES)
    for name in ("RESIN", "SOFT", "OLD_BONE", "NEW_BONE", "OSTEOID", "DEGRADATION", "METAL", "PEEK"):
        assert getattr(tissue_classes, name) == getattr(materials, name)
