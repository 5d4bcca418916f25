"""``tf.contrib.seq2seq``: decoders with attention, beam search, the loss of sequences."""

from engine.ops.beam_trees import gather_tree
from engine.rnn.attention import AttentionMechanism, BahdanauAttention, LuongAttention, hardmax
from engine.rnn.attention_wrapper import AttentionWrapper, AttentionWrapperState
from engine.rnn.beam_search import (
    BeamSearchDecoder,
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    FinalBeamSearchDecoderOutput,
    gather_tree_from_array,
    tile_batch,
)
from engine.rnn.decoding import BasicDecoder, BasicDecoderOutput, Decoder, dynamic_decode
from engine.rnn.feeding import (
    CustomHelper,
    GreedyEmbeddingHelper,
    Helper,
    InferenceHelper,
    SampleEmbeddingHelper,
)
from engine.rnn.losses import sequence_loss
from engine.rnn.teaching import (
    ScheduledEmbeddingTrainingHelper,
    ScheduledOutputTrainingHelper,
    TrainingHelper,
)

__all__ = [
    "AttentionMechanism",
    "AttentionWrapper",
    "AttentionWrapperState",
    "BahdanauAttention",
    "BasicDecoder",
    "BasicDecoderOutput",
    "BeamSearchDecoder",
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "CustomHelper",
    "Decoder",
    "FinalBeamSearchDecoderOutput",
    "GreedyEmbeddingHelper",
    "Helper",
    "InferenceHelper",
    "LuongAttention",
    "SampleEmbeddingHelper",
    "ScheduledEmbeddingTrainingHelper",
    "ScheduledOutputTrainingHelper",
    "TrainingHelper",
    "dynamic_decode",
    "gather_tree",
    "gather_tree_from_array",
    "hardmax",
    "sequence_loss",
    "tile_batch",
]
