"""Every comparison that there is."""

from sw_ref.oracles import casts, integers, mx, nvfp4, rational

COMPARISONS = (
    *casts.COMPARISONS,
    *mx.COMPARISONS,
    *nvfp4.COMPARISONS,
    *integers.COMPARISONS,
    *rational.COMPARISONS,
)
