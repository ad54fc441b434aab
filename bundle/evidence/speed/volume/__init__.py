"""Measurements of staining volumes."""

from bundle.evidence.speed.volume import flicker, memory, restart, seams, speed

MEASURES = {
    "seams": seams.measure,
    "flicker": flicker.measure,
    "memory": memory.measure,
    "speed": speed.measure,
    "monai": speed.measure_against_monai,
    "processes": restart.measure_processes,
    "kills": restart.measure_kills,
}
