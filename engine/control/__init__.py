"""Control flow: branches, loops, arrays of tensors, and what is built of them."""
