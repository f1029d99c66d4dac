#include "gateway/conditions.h"

#include "api/meta.h"

namespace slipway::gateway {

void set_condition(data::Value& holder, const ConditionFact& fact, std::int64_t generation, base::Time now) {
  const bool is_true = fact.problem.has_value() == fact.inverse;
  api::set_condition(holder, fact.type, is_true ? "True" : "False",
                     fact.problem ? std::string_view(fact.problem->reason) : fact.good_reason,
                     fact.problem ? std::string_view(fact.problem->message) : std::string_view(), now);
  data::Value& conditions = holder.member("conditions");
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions.at(i)["type"].as_string() == fact.type) conditions.element(i).set("observedGeneration", generation);
  }
}

}  // namespace slipway::gateway
