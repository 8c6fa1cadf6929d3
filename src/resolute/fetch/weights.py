"""Published weights: downloaded, checked, and converted once to safetensors under our parameter names."""

from pathlib import Path

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.fetch import key_maps
from resolute.fetch.transfer import download
from resolute.methods import weights


def fetch_weights(method: str, tag: str = "", scale: float = 4) -> Path:
    """Write `data/weights/published/<method>/<tag>/<span>.safetensors`, the weights for a scale.

    Every tensor of the published file must find its place in the network, and every tensor of the network its
    value, but for those that the registry names as unused.

    Raises:
        ResoluteError: the method has no such weights, the file is not to be had or not the one on record, or
            its tensors do not fit.
    """
    entry = registry.entry(method)
    tag = entry.tag(tag)
    found, target = registry.find_weights(method, scale, f"published-{tag}")
    published = entry.published[tag]
    if not published.files:
        raise ResoluteError(f"{method} needs no weights: there is nothing to fetch")
    file = published.files[found.span]
    facts = {
        "url": file.url,
        "sha256": file.sha256,
        "source": published.source,
        "licence": published.licence,
        "training_data": published.training_data,
    }
    with making(target) as waited:
        if waited and target.is_file() and weights.read_provenance(target) == facts:
            return target
        original = target.with_name(f"{target.stem}.published{Path(file.url).suffix}")
        try:
            download(file.url, file.sha256, file.bytes, original)
            state = key_maps.rename(weights.read_checkpoint(original, published.inside), published)
            weights.load_state(methods.build(method, scale), state, f"{original.name} of {method}")
            weights.save_weights(target, state, facts)
        finally:
            original.unlink(missing_ok=True)
    return target
