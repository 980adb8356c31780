"""Lays a user's parts of a pod manifest over ours, the way the cluster itself merges manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_KEYS_OF_LISTS: Final = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "hostAliases": "ip",
}
"""Lists whose items are merged one by one, and what tells the items apart. Any other list is replaced as a whole."""


def merge(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """A new tree: maps are merged key by key, and what ``theirs`` has wins. A null takes the key away."""
    merged = dict(ours)
    for key, value in theirs.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        elif isinstance(value, list) and key in _KEYS_OF_LISTS:
            merged[key] = _merge_items(merged.get(key) or [], value, _KEYS_OF_LISTS[key])
        else:
            merged[key] = value
    return merged


def _merge_items(ours: list[Any], theirs: list[Any], name: str) -> list[Any]:
    items = list(ours)
    places = {item.get(name): place for place, item in enumerate(items) if isinstance(item, Mapping)}
    for item in theirs:
        place = places.get(item.get(name)) if isinstance(item, Mapping) else None
        if place is None:
            items.append(item)
        else:
            items[place] = merge(items[place], item)
    return items
