"""Tissues that a section is made of, as label images number them."""

CLASSES = (
    "resin",
    "marrow or soft tissue",
    "old bone",
    "new bone",
    "osteoid",
    "degradation layer",
    "metal implant",
    "PEEK implant",
)
RESIN, SOFT, OLD_BONE, NEW_BONE, OSTEOID, DEGRADATION, METAL, PEEK = range(len(CLASSES))

#: Short names, for columns of tables.
SHORT = ("resin", "soft", "old_bone", "new_bone", "osteoid", "degradation", "metal", "peek")
