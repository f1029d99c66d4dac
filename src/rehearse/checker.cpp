#include "rehearse/checker.h"

#include <algorithm>

#include "control/pod.h"
#include "data/selector.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {

data::Value Truth::find(const api::Resource& resource, std::string_view space, std::string_view name) const {
  const auto entry = snapshot->find({resource.qualified(), std::string(space), std::string(name)});
  return entry ? entry->object : data::Value();
}

std::vector<data::Value> Truth::list(const api::Resource& resource, std::string_view space) const {
  std::vector<data::Value> all;
  snapshot->scan(resource.qualified(), space, nullptr, [&all](const store::EntryPtr& entry) {
    all.push_back(entry->object);
    return true;
  });
  return all;
}

RoutedRules Truth::written(const client::ObjectName& route) const {
  const Router router = gateway.router();
  const data::Value object = find(route_kind(router), route.space, route.name);
  const auto beside = beside_kind(router);
  return read_rules(router, {object, beside ? list(*beside, route.space) : std::vector<data::Value>{}});
}

RoutedRules Truth::in_force(const client::ObjectName& route) const {
  const auto found = gateway.routes().find(route);
  return found == gateway.routes().end() ? RoutedRules{} : found->second.rules;
}

std::string Truth::hash_of(std::string_view space, const Routed& part) const {
  return rehearse::hash_of(part, find(api::kServices, space, part.service));
}

std::vector<data::Value> active_pods(const Truth& truth, std::string_view space, const data::Value& match_labels) {
  const auto selector = data::LabelSelector::of(match_labels);
  std::vector<data::Value> pods;
  for (const data::Value& pod : truth.list(api::kPods, space))
    if (control::is_active(pod) && selector.matches(api::labels_of(pod))) pods.push_back(pod);
  return pods;
}

void Lately::set(const Truth& truth, std::int64_t value) {
  if (values_.empty() || values_.back().second != value) values_.emplace_back(truth.now, value);
}

std::pair<std::int64_t, std::int64_t> Lately::range(const Truth& truth) {
  while (values_.size() > 1 && truth.now - values_[1].first > truth.behind) values_.pop_front();
  std::pair<std::int64_t, std::int64_t> range{0, 0};
  bool first = true;
  for (const auto& [when, value] : values_) {
    range = first ? std::pair(value, value) : std::pair(std::min(range.first, value), std::max(range.second, value));
    first = false;
  }
  return range;
}

std::vector<std::unique_ptr<Checker>> all_checkers() {
  std::vector<std::unique_ptr<Checker>> all;
  all.push_back(make_one_leader());
  all.push_back(make_pods_at_least());
  all.push_back(make_node_fits());
  all.push_back(make_verified_before_use());
  all.push_back(make_analysis_has_data());
  all.push_back(make_paused_holds());
  all.push_back(make_switch_finds_pods());
  all.push_back(make_capacity_before_traffic());
  all.push_back(make_available_budget());
  all.push_back(make_pods_at_most());
  all.push_back(make_template_is_the_users());
  all.push_back(make_never_past_failed_gate());
  all.push_back(make_weights_add_up());
  all.push_back(make_known_to_router());
  all.push_back(make_places_hold());
  all.push_back(make_placed_budget());
  all.push_back(make_trouble_has_lasted());
  all.push_back(make_kept_pods_aside());
  all.push_back(make_config_in_use());
  all.push_back(make_placed_batches());
  all.push_back(make_previews_let_in());
  all.push_back(make_previews_go());
  all.push_back(make_hooks_in_order());
  all.push_back(make_hooks_answered());
  all.push_back(make_hooks_on_the_way_back());
  return all;
}

}  // namespace slipway::rehearse
