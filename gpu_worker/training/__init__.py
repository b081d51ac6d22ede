"""From consented recordings to a learned sound-to-motion model: data, network, training, evaluation, export."""
