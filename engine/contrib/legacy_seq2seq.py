"""``tf.contrib.legacy_seq2seq``, in 0.x ``tf.nn.seq2seq``: decoders and losses over lists."""

from engine.rnn.decoders import (
    attention_decoder,
    basic_rnn_seq2seq,
    embedding_attention_decoder,
    embedding_attention_seq2seq,
    embedding_rnn_decoder,
    embedding_rnn_seq2seq,
    rnn_decoder,
)
from engine.rnn.losses import listed_sequence_loss as sequence_loss
from engine.rnn.losses import sequence_loss_by_example

__all__ = [
    "attention_decoder",
    "basic_rnn_seq2seq",
    "embedding_attention_decoder",
    "embedding_attention_seq2seq",
    "embedding_rnn_decoder",
    "embedding_rnn_seq2seq",
    "rnn_decoder",
    "sequence_loss",
    "sequence_loss_by_example",
]
