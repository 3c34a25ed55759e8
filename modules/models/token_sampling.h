#pragma once
// Drawing the next token.

#include <cstdint>

#include "core/random.h"
#include "models/torch.h"

namespace winnow {

struct TokenSampling {
  double temperature = 1.0;  // 0: the likeliest token, the first of equals
  double top_p = 1.0;        // only the likeliest tokens that together reach this much, in (0, 1]
};

// Throws DataError where the largest of logits [..., V] is NaN or infinite: such a model says
// nothing. On the meta device there is nothing to look at.
void check_numbers(const torch::Tensor& logits);

// One token from logits [V], of which some may be -inf: those are never drawn. Throws as
// check_numbers does. Takes exactly one number from the stream whatever the options, so that what
// follows does not depend on them.
std::int64_t sample_token(const torch::Tensor& logits, const TokenSampling& sampling,
                          RandomStream& stream);

}  // namespace winnow
