"""Telephone prompts spoken in five languages, with what is said in English."""

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package

_VERSION = "1.6.1-1"
_VOICES = {  # language: folder, bytes and SHA-256 of its package
    "en": ("en_US_f_Allison", 2_417_168, "ddc33205a56aebf54c73a0fb95c3a0d8131087878d74857a4e54bcab2b0d72ae"),
    "es": ("es_MX_f_Allison", 3_004_752, "533b4c29e232cae99f89a6933b5fc0af5341514e513924df401c683e222614b7"),
    "fr": ("fr_CA_f_June", 2_466_860, "97bd8bebb7ef775046802a5a466d8f89916f54f437e158a1ec537cef814d44fd"),
    "it": ("it_IT_m_Carlo", 2_311_332, "fb6d6ce94502894714f00240c372a291bcaa4cd3e05fdf278780a4dd9edfabab"),
    "ru": ("ru_RU_f_IvrvoiceRU", 2_415_624, "19770f5c211e8c3a1dc8eefd703382570da7edf00c52db069ebc2a64d5dda4bd"),
}
_TRANSCRIPTS = 22_844, "973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50"


def _voice(language: str) -> Archive:
    """Its prompts go to `LANGUAGE/KEY.gsm`."""
    folder, _, sha256 = _VOICES[language]
    return Archive(
        client=Client.DEBIAN,
        name=f"asterisk-core-sounds-{language}-gsm",
        releases=(Release(version=_VERSION, sha256=sha256),),
        keep={f"usr/share/asterisk/sounds/{folder}/*.gsm": language},
    )


register_package(
    Package(
        name="asterisk-sounds",
        title="Asterisk's prompts, 2,676 utterances in English, Spanish, French, Italian and Russian with English transcripts",
        archives=(
            *map(_voice, _VOICES),
            Archive(
                client=Client.DEBIAN,
                name="asterisk-core-sounds-en",
                releases=(Release(version=_VERSION, sha256=_TRANSCRIPTS[1]),),
                keep={
                    "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz": "",
                    "usr/share/doc/asterisk-core-sounds-en/copyright": "",
                },
            ),
        ),
        size=sum(size for _, size, _ in _VOICES.values()) + _TRANSCRIPTS[0],
        licence="CC BY-SA 3.0 (English, Spanish, French), CC BY 3.0 (Italian, Russian)",
        attribution="recorded by Allison Smith (English, Spanish), June Wallack (French), Carlo Flora (Italian) and for Maxim "
        "Topal's ivrvoice.ru (Russian), with contributions by Digium, Inc., Unlimitel and BGM Informatique",
    )
)
