"""The papers whose systems this project builds; a choice or task names its papers by these numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Paper:
    """`arxiv` is the identifier of its preprint."""

    title: str
    arxiv: str


PAPERS = {
    1: Paper(title="CoCa: Contrastive Captioners are Image-Text Foundation Models", arxiv="2205.01917"),
    2: Paper(title="Pre-training for Speech Translation: CTC Meets Optimal Transport", arxiv="2301.11716"),
    3: Paper(title="GraphGPT: Generative Pre-trained Graph Eulerian Transformer", arxiv="2401.00529"),
    4: Paper(title="BART: Denoising Sequence-to-Sequence Pre-training", arxiv="1910.13461"),
    5: Paper(title="Transformer in Transformer", arxiv="2103.00112"),
    6: Paper(title="The Impact of Positional Encoding on Length Generalization in Transformers", arxiv="2305.19466"),
    7: Paper(title="FIT: Far-reaching Interleaved Transformers", arxiv="2305.12689"),
    8: Paper(title="The Expressive Power of Transformers with Chain of Thought", arxiv="2310.07923"),
    9: Paper(title="Your Transformer May Not be as Powerful as You Expect", arxiv="2205.13401"),
    10: Paper(title="A Survey of Techniques for Optimizing Transformer Inference", arxiv="2307.07982"),
    11: Paper(title="DSFormer: Effective Compression of Text-Transformers by Dense-Sparse Weights", arxiv="2312.13211"),
    12: Paper(title="DUSt3R: Geometric 3D Vision Made Easy", arxiv="2312.14132"),
    13: Paper(title="EcoFormer: Energy-Saving Attention with Linear Complexity", arxiv="2209.09004"),
    14: Paper(title="Lean Attention: Hardware-Aware Scalable Attention for the Decode Phase", arxiv="2405.10480"),
    15: Paper(title="A Unified View of Long-Sequence Models", arxiv="2302.06218"),
    16: Paper(title="MetaFormer Is Actually What You Need for Vision", arxiv="2111.11418"),
    17: Paper(title="Neural Architecture Search on Efficient Transformers and Beyond", arxiv="2207.13955"),
    18: Paper(title="SLAB: Simplified Linear Attention and Re-parameterized Batch Normalization", arxiv="2405.11582"),
    19: Paper(title="ATLAS: Learning to Optimally Memorize the Context at Test Time", arxiv="2505.23735"),
    20: Paper(title="A Practical Survey on Faster and Lighter Transformers", arxiv="2103.14636"),
    21: Paper(title="Pre-RMSNorm and Pre-CRMSNorm Transformers", arxiv="2305.14858"),
    22: Paper(title="You Need Multiple Exiting: Dynamic Early Exiting", arxiv="2211.11152"),
    23: Paper(title="The Impossibility of Inverse Permutation Learning in Transformer Models", arxiv="2509.24125"),
    24: Paper(title="ByteTransformer: A Transformer Boosted for Variable-Length Inputs", arxiv="2210.03052"),
    25: Paper(title="A ConvNet for the 2020s", arxiv="2201.03545"),
    26: Paper(title="A Comprehensive Survey on Applications of Transformers for Deep Learning", arxiv="2306.07303"),
    27: Paper(title="Universal Approximation Theorem for a Single-Layer Transformer", arxiv="2507.10581"),
    28: Paper(title="Return of the Encoder: Maximizing Parameter Efficiency for SLMs", arxiv="2501.16273"),
    29: Paper(title="Position Prediction as an Effective Pretraining Strategy", arxiv="2207.07611"),
    30: Paper(title="Wide Attention Is The Way Forward For Transformers?", arxiv="2210.00640"),
    31: Paper(title="HorNet: High-Order Spatial Interactions with Recursive Gated Convolutions", arxiv="2207.14284"),
    32: Paper(title="Understanding In-Context Learning by Learning to Learn Discrete Functions", arxiv="2310.03016"),
}
"""By number."""
