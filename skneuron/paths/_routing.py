"""Arguments of ``fit`` and ``score`` for the splitter and the scorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skneuron._common import FloatArray
from skneuron.paths._scores import Scorer

__all__ = ["routed_arguments", "router_of"]


def router_of(search: BaseEstimator, scorer: Scorer | None) -> MetadataRouter:
    """Return which arguments of a search reach its splitter and its scorer."""
    router = MetadataRouter(owner=search).add_self_request(search)
    router = router.add(
        splitter=search.cv, method_mapping=MethodMapping().add(caller="fit", callee="split")
    )
    if scorer is None:
        return router
    both = MethodMapping().add(caller="score", callee="score")
    return router.add(scorer=scorer, method_mapping=both.add(caller="fit", callee="score"))


def routed_arguments(
    search: BaseEstimator, sample_weight: FloatArray | None, params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of the splitter and of the scorer in ``fit``.

    Raises
    ------
    ValueError
        If there is an argument besides ``groups`` without metadata routing.
    """
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(search, "fit", sample_weight=sample_weight, **params)
        scorer = {} if search.scoring is None else dict(routed.scorer.score)
        return dict(routed.splitter.split), scorer
    unknown = sorted(params.keys() - {"groups"})
    if unknown:
        raise ValueError(
            f"NeuronClassifierCV.fit got the argument {unknown[0]!r}. Expected sample_weight, "
            "offset and groups, because metadata routing is off. Use "
            "sklearn.set_config(enable_metadata_routing=True)."
        )
    groups = {} if params.get("groups") is None else {"groups": params["groups"]}
    return groups, {} if sample_weight is None else {"sample_weight": sample_weight}
