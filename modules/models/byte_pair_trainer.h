#pragma once
// Learning a byte-pair vocabulary from text, for models that are trained from nothing.

#include <cstddef>
#include <string>
#include <vector>

#include "models/byte_pair_tokenizer.h"

namespace winnow {

// All single bytes, then the pairs that occur most often in the texts' words, one after another
// (ties in byte order, none that occurs once), then the added tokens, `maximum_tokens` at most in
// all. Words as split_words cuts them, after NFC. Throws ConfigError when there is no room for
// bytes and added tokens. The result does not depend on the order of the texts.
BytePairVocabulary train_byte_pairs(const std::vector<std::string>& texts,
                                    std::size_t maximum_tokens,
                                    const std::vector<std::string>& added);

}  // namespace winnow
