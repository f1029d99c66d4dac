#include "delivery/evidence/notification_metrics.h"

#include <array>

#include "api/meta.h"
#include "api/resource.h"

namespace slipway::delivery::evidence {

using client::ObjectName;
using data::Value;

namespace {

constexpr std::array<std::pair<const char*, const char*>, 3> kOutcomes = {
    {{"delivered", "Delivered"}, {"givenUp", "GivenUp"}, {"missed", "Missed"}}};

}  // namespace

NotificationMetrics::NotificationMetrics(runtime::Metrics& metrics)
    : events_(metrics.counter("slipway_notification_events_total", "Events of a Notification, by what became of them.",
                              {"namespace", "name", "outcome"})),
      failures_(metrics.counter("slipway_notification_failures_total", "Attempts that a receiver did not take.",
                                {"namespace", "name"})),
      waiting_(
          metrics.gauge("slipway_notification_waiting", "Events that are not under way yet.", {"namespace", "name"})),
      failing_(metrics.gauge("slipway_notification_failing", "1 while a receiver does not take events.",
                             {"namespace", "name"})) {}

void NotificationMetrics::changed(const api::Resource& resource, const Value& before, const Value& after) {
  if (resource != api::kNotifications) return;
  const Value& object = after.is_null() ? before : after;
  const ObjectName name{std::string(api::space_of(object)), std::string(api::name_of(object))};
  if (after.is_null()) {
    statuses_.erase(name);
    return hide(name);
  }
  statuses_[name] = after["status"];
  if (!leads_) return;
  if (!before.is_null()) count(before, after);
  show(name, after["status"]);
}

void NotificationMetrics::count(const Value& before, const Value& after) {
  const runtime::Labels name = {std::string(api::space_of(after)), std::string(api::name_of(after))};
  const Value &was = before["status"], &is = after["status"];
  for (const auto& [field, outcome] : kOutcomes)
    if (const std::int64_t more = is[field].as_int() - was[field].as_int(); more > 0)
      events_.with({name[0], name[1], outcome}).add(static_cast<std::uint64_t>(more));
  const std::int64_t attempts = is["failing"]["attempts"].as_int(), before_it = was["failing"]["attempts"].as_int();
  if (attempts > before_it) failures_.with(name).add(static_cast<std::uint64_t>(attempts - before_it));
}

void NotificationMetrics::show(const ObjectName& name, const Value& status) {
  for (const auto& [field, outcome] : kOutcomes) events_.with({name.space, name.name, outcome});
  failures_.with({name.space, name.name});
  waiting_.with({name.space, name.name}).set(status["waiting"].as_double());
  failing_.with({name.space, name.name}).set(status["failing"].is_object() ? 1 : 0);
}

void NotificationMetrics::hide(const ObjectName& name) {
  for (const auto& [field, outcome] : kOutcomes) events_.remove({name.space, name.name, outcome});
  failures_.remove({name.space, name.name});
  waiting_.remove({name.space, name.name});
  failing_.remove({name.space, name.name});
}

void NotificationMetrics::led(bool leads) {
  leads_ = leads;
  for (const auto& [name, status] : statuses_) leads ? show(name, status) : hide(name);
}

}  // namespace slipway::delivery::evidence
