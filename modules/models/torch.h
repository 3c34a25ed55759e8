#pragma once
// The part of LibTorch that winnow is written on: tensors, autograd, threads. Everybody includes
// this header and not "models/torch.h", which brings modules, optimisers, data loaders and
// serialisation along: half of its price in compile time is templates that each source would
// instantiate anew. What else a source needs of LibTorch it includes by itself.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
