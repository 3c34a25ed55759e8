#include "trainers/batches.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/random.h"

namespace winnow {

std::vector<std::vector<std::size_t>> epoch_batches(const std::vector<std::int64_t>& lengths,
                                                    std::size_t batch_size, std::size_t window,
                                                    std::uint64_t seed, std::uint64_t epoch) {
  RandomStream stream(seed,
                      epoch == 0 ? "trainer/order" : "trainer/order/" + std::to_string(epoch));
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  stream.shuffle(order);
  // The remainder is drawn at random, before sorting, so that it is no longer or shorter than
  // others.
  const std::size_t whole = order.size() / batch_size * batch_size;
  std::vector<std::vector<std::size_t>> batches;
  for (std::size_t begin = 0; begin < whole; begin += batch_size * window) {
    const std::size_t end = std::min(whole, begin + batch_size * window);
    std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
                     order.begin() + static_cast<std::ptrdiff_t>(end),
                     [&](std::size_t a, std::size_t b) { return lengths[a] < lengths[b]; });
    for (std::size_t i = begin; i < end; i += batch_size) {
      batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(i),
                           order.begin() + static_cast<std::ptrdiff_t>(i + batch_size));
    }
  }
  stream.shuffle(batches);
  if (whole < order.size()) {
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(whole), order.end());
  }
  return batches;
}

}  // namespace winnow
