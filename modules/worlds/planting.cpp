#include "worlds/planting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/component.h"
#include "core/errors.h"

namespace winnow::micro_world {
namespace {

// Rows of a scene stand together in the plan, and are fewer.
constexpr std::size_t kNeighbours = 16;

// How far each source is from the others in this property: log-normal, so that a few sources hold
// most of it where the concentration is high, and all hold as much where it is 0.
std::vector<double> source_weights(const std::string& name, double concentration,
                                   const MicroWorldOptions& options) {
  std::vector<double> weights;
  for (const SourceProfile& profile : source_profiles()) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/property/" + name + "/source/" + profile.name);
    weights.push_back(std::exp(concentration * random.normal()));
  }
  return weights;
}

void plant(PoolPlan& plan, const MicroWorldOptions& options, const std::string& name) {
  const Property& property = *properties().at(name);
  const PropertyOptions& wanted = options.properties.at(name);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const std::string key = "properties." + name + ".share";
  const auto at_row = [&](std::size_t row, const char* what, const auto& act) {
    RandomStream random(seed, fmt::format("world/property/{}/{}/{}", name, what, row));
    return act(row, Planting{plan, options, wanted.strength, random});
  };

  std::vector<std::vector<std::size_t>> rows(source_profiles().size());
  std::int64_t eligible = 0;
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const PlannedRow& row = plan.rows[i];
    if ((row.decided & property.parts()) != 0 || !property.can_have(row, plan)) continue;
    rows[row.source].push_back(i);
    ++eligible;
  }
  const double total = wanted.share * static_cast<double>(plan.rows.size());
  if (wanted.share > 0 && eligible == 0) {
    throw ConfigError(key + " asks for rows, and no row of the pool can have this property");
  }
  std::vector<std::int64_t> counts;
  for (const auto& of_source : rows) counts.push_back(static_cast<std::int64_t>(of_source.size()));
  const double share = eligible == 0 ? 0.0 : total / static_cast<double>(eligible);
  const std::vector<double> probabilities =
      spread(share, source_weights(name, wanted.concentration, options), counts, key);
  for (std::size_t source = 0; source < rows.size(); ++source) {
    RandomStream random(seed, "world/property/" + name + "/" + source_profiles()[source].name);
    random.shuffle(rows[source]);
    auto left = std::llround(probabilities[source] * static_cast<double>(counts[source]));
    for (const std::size_t index : rows[source]) {
      // Planting may decide parts of other rows, too.
      const bool is_free = (plan.rows[index].decided & property.parts()) == 0;
      const bool planted =
          left > 0 && is_free && at_row(index, "row", [&](std::size_t row, const Planting& work) {
            return property.plant(row, work);
          });
      if (planted) {
        --left;
        plan.rows[index].decided |= property.parts();
        plan.rows[index].planted[name] = wanted.strength;
      } else if (is_free) {
        at_row(index, "withheld", [&](std::size_t row, const Planting& work) {
          property.withhold(row, work);
          return true;
        });
      }
    }
  }
}

}  // namespace

const Scene& Planting::scene_of(const PlannedRow& row) const {
  return plan.media[row.media[row.asked_medium]].scene;
}

PlannedMedium& Planting::own_medium(PlannedRow& row) const {
  std::size_t& medium = row.media[row.asked_medium];
  PlannedMedium copy = plan.media[medium];
  medium = plan.media.size();
  return plan.media.emplace_back(std::move(copy));
}

bool Planting::is_asked(const std::string& text, std::size_t row) const {
  const PlannedRow& asking = plan.rows[row];
  const auto has_text = [&](const Question& question) { return question.text == text; };
  if (std::any_of(asking.earlier_turns.begin(), asking.earlier_turns.end(), has_text)) return true;
  const std::size_t begin = row - std::min(row, kNeighbours);
  const std::size_t end = std::min(plan.rows.size(), row + kNeighbours);
  for (std::size_t i = begin; i < end; ++i) {
    if (i != row && plan.rows[i].media == asking.media && has_text(plan.rows[i].question)) {
      return true;
    }
  }
  return false;
}

void Planting::ask(PlannedRow& row, Question question) const {
  row.question = std::move(question);
  row.given_answer = row.question.answer;
}

bool Property::can_have(const PlannedRow& row, const PoolPlan& /*plan*/) const {
  // One medium and one turn: what surrounds a question would have to change with its scene.
  return (parts() & (kSkill | kScene)) == 0 || (row.media.size() == 1 && row.earlier_turns.empty());
}

void Property::withhold(std::size_t /*row*/, const Planting& /*planting*/) const {}

Registry<std::shared_ptr<const Property>>& properties() {
  static Registry<std::shared_ptr<const Property>> registry("planted property");
  return registry;
}

config::Help help(const PropertyOptions&) {
  return {{"share", "share of the pool's rows", config::between(0, 0.8)},
          {"strength", "how strong it is where it is; see the property",
           config::Range{0.0, 1.0, /*low_open=*/true}},
          {"concentration",
           "how unevenly sources have it: standard deviation of the logarithm of their rates; 0: "
           "all alike",
           config::between(0, 3)}};
}

bool add_property(const std::string& name, std::shared_ptr<const Property> property) {
  const std::string strength = property->strength();
  config::add_table<PropertyOptions>(
      "pool.properties." + name,
      fmt::format("{}: {}{}", property->is_ill() ? "ill" : "virtue", property->help(),
                  strength.empty() ? "" : "; strength: " + strength));
  properties().add(name, std::move(property));
  return true;
}

bool is_planted_ill(const std::string& name) {
  return properties().contains(name) && properties().at(name)->is_ill();
}

void check_properties(const std::map<std::string, PropertyOptions>& wanted) {
  for (const auto& [name, options] : wanted) {
    if (!properties().contains(name)) {
      throw ConfigError(fmt::format("properties.{}: there is no planted property of this name.{}",
                                    name, suggestion(name, properties().names())));
    }
    const Property& property = *properties().at(name);
    if (property.strength().empty() && options.strength != 1.0) {
      throw ConfigError(fmt::format(
          "properties.{}.strength is {:g}, and this property has no strength; leave it out", name,
          options.strength));
    }
  }
}

void plant(PoolPlan& plan, const MicroWorldOptions& options, unsigned parts) {
  std::vector<std::pair<unsigned, std::string>> order;
  for (const auto& [name, wanted] : options.properties) {
    const unsigned own = properties().at(name)->parts();
    const unsigned first = own & (~own + 1);  // lowest bit
    if ((first & parts) != 0) order.emplace_back(first, name);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [part, name] : order) plant(plan, options, name);
}

void drop_unseen_media(PoolPlan& plan) {
  std::vector<bool> seen(plan.media.size(), false);
  for (const PlannedRow& row : plan.rows) {
    for (const std::size_t medium : row.media) seen[medium] = true;
  }
  std::vector<std::size_t> place(plan.media.size(), 0);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < plan.media.size(); ++i) {
    if (!seen[i]) continue;
    place[i] = kept;
    if (kept != i) plan.media[kept] = std::move(plan.media[i]);
    ++kept;
  }
  plan.media.resize(kept);
  for (PlannedRow& row : plan.rows) {
    for (std::size_t& medium : row.media) medium = place[medium];
  }
}

}  // namespace winnow::micro_world
