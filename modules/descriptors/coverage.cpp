// Which part of the pool a sample belongs to and how rare it is: GDO's coverage, by k-means (FAISS)
// over standardised features of the model.

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/utils/distances.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/random.h"
#include "descriptors/features.h"

namespace winnow {
namespace {

enum class CoverageMeasure { rarity, distance_rank };
BOOST_DESCRIBE_ENUM(CoverageMeasure, rarity, distance_rank)

struct CoverageOptions {
  std::int64_t clusters = 64;
  CoverageMeasure measure = CoverageMeasure::rarity;
  FeatureSpace space = FeatureSpace::prompt;
  std::int64_t iterations = 20;
  std::int64_t points_per_cluster = 128;
  std::string column_prefix;
};
BOOST_DESCRIBE_STRUCT(CoverageOptions, (),
                      (clusters, measure, space, iterations, points_per_cluster, column_prefix))
config::Help help(const CoverageOptions&) {
  return {
      {"clusters", "number of clusters; at most one per distinct sample", config::at_least(1)},
      {"measure",
       "rarity: minus the logarithm of the share of the pool that is in the sample's cluster; "
       "distance_rank: rank of the distance to the cluster's centre, 0 nearest to 1 farthest"},
      {"space", "prompt: features of media and question; question: of the question alone"},
      {"iterations", "k-means iterations", config::at_least(1)},
      {"points_per_cluster", "samples per cluster that k-means is trained on, drawn by the seed",
       config::at_least(1)},
      {"column_prefix", "put before the columns' names, for a second clustering of one pool"}};
}

// FAISS without BLAS, so that every distance is summed in one order, and on this thread: for the
// sizes here more threads only fight with other work.
class DeterministicFaiss {
 public:
  DeterministicFaiss() {
    faiss::distance_compute_blas_threshold = std::numeric_limits<int>::max();
    omp_set_num_threads(1);
  }
  ~DeterministicFaiss() {
    faiss::distance_compute_blas_threshold = threshold_;
    omp_set_num_threads(threads_);
  }
  DeterministicFaiss(const DeterministicFaiss&) = delete;
  DeterministicFaiss& operator=(const DeterministicFaiss&) = delete;

 private:
  int threshold_ = faiss::distance_compute_blas_threshold;
  int threads_ = omp_get_max_threads();
};

// Of each position, its distance's rank among those of its cluster in [0, 1]; ties share the mean.
std::vector<double> distance_ranks(const std::vector<float>& distances,
                                   const std::vector<faiss::Index::idx_t>& clusters) {
  std::vector<std::size_t> order(distances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::pair(clusters[i], distances[i]); };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) < key(b); });
  std::vector<double> ranks(distances.size(), 0.0);
  for (std::size_t first = 0; first < order.size();) {
    const auto cluster = clusters[order[first]];
    std::size_t last = first;
    while (last < order.size() && clusters[order[last]] == cluster) ++last;
    const double scale = last - first > 1 ? static_cast<double>(last - first - 1) : 1.0;
    for (std::size_t tie = first; tie < last;) {
      std::size_t end = tie;
      while (end < last && distances[order[end]] == distances[order[tie]]) ++end;
      const double rank = static_cast<double>(tie - first + end - 1 - first) / 2.0;
      for (; tie < end; ++tie) ranks[order[tie]] = rank / scale;
    }
    first = last;
  }
  return ranks;
}

class Coverage : public Descriptor {
 public:
  explicit Coverage(const CoverageOptions& options) : options_(options) {}

  std::vector<std::string> columns() const override {
    return {options_.column_prefix + "cluster", options_.column_prefix + "coverage"};
  }

  Needs needs() const override { return needs_of(options_.space); }

  // Nothing is known of a cluster before the whole pool is: finish() fills the cells.
  std::vector<Cell> measure(const Observation& observation) const override {
    if (features_in(observation, options_.space).empty()) {
      return {observation.absent(), observation.absent()};
    }
    return {Cell::missing(), Cell::missing()};
  }

  void finish(SampleTable& table, const PoolFeatures& pool_features,
              std::uint64_t seed) const override {
    const RowVectors& features = features_in(pool_features, options_.space);
    // k-means depends on the order of its points; this one does not depend on the pool's.
    const std::vector<std::size_t> rows = rows_with_features(table, features);
    if (rows.empty()) return;
    std::size_t distinct = 1;  // contents; the rows are in their order
    for (std::size_t i = 1; i < rows.size(); ++i) {
      distinct += table.rows().content(rows[i]) == table.rows().content(rows[i - 1]) ? 0 : 1;
    }
    const ScratchArray points = standardised(features, rows);
    const auto count = static_cast<faiss::Index::idx_t>(rows.size());
    const auto dimensions = static_cast<int>(features.width());
    faiss::ClusteringParameters parameters;
    parameters.niter = static_cast<int>(options_.iterations);
    parameters.min_points_per_centroid = 1;
    parameters.max_points_per_centroid = static_cast<int>(options_.points_per_cluster);
    parameters.seed = static_cast<int>(
        RandomStream(seed, "descriptors/coverage/" + options_.column_prefix).below(1U << 30));
    std::vector<float> distances(rows.size());
    std::vector<faiss::Index::idx_t> clusters(rows.size());
    {
      const DeterministicFaiss deterministic;
      faiss::Clustering clustering(
          dimensions,
          static_cast<int>(std::min(distinct, static_cast<std::size_t>(options_.clusters))),
          parameters);
      faiss::IndexFlatL2 index(dimensions);
      clustering.train(count, points.values().data(), index);
      index.search(count, points.values().data(), 1, distances.data(), clusters.data());
    }

    std::map<faiss::Index::idx_t, double> sizes;
    for (const auto cluster : clusters) sizes[cluster] += 1.0;
    const std::vector<double> ranks = distance_ranks(distances, clusters);
    const std::vector<std::string> names = columns();
    Column cluster_column = table.column(names[0]), coverage_column = table.column(names[1]);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double share = sizes[clusters[i]] / static_cast<double>(rows.size());
      cluster_column.set(rows[i], static_cast<double>(clusters[i]));
      // "+ 0.0" turns the -0 of a single cluster into 0.
      coverage_column.set(
          rows[i], options_.measure == CoverageMeasure::rarity ? -std::log(share) + 0.0 : ranks[i]);
    }
    table.add(std::move(cluster_column));
    table.add(std::move(coverage_column));
  }

 private:
  CoverageOptions options_;
};

const bool registered = descriptors().add<Coverage, CoverageOptions>(
    "coverage", "cluster of the sample among the pool's features, and how rare it is there");

}  // namespace
}  // namespace winnow
