#include "api/meta.h"
#include "api/resource.h"
#include "delivery/controllers.h"
#include "delivery/notify/decide.h"

namespace slipway::delivery {
namespace {

using client::ObjectName;
using control::World;
using data::Value;

// A decision looks at all Releases of the namespace that have events: a storm of changes is looked at once, and they
// are no more than a small share of the time.
constexpr base::Duration kInterval = base::milliseconds(20);
constexpr base::Duration kRestForEach = base::microseconds(50);
constexpr base::Duration kLongestRest = base::seconds(1);

bool has_events(const Value& release) { return release["status"]["events"].size() > 0; }

class NotificationController final : public control::Controller {
 public:
  std::string_view name() const override { return "notification"; }
  const api::Resource& resource() const override { return api::kNotifications; }
  bool optional() const override { return true; }
  base::Duration min_interval() const override { return kInterval; }

  std::vector<control::Watch> watches() const override {
    return {{api::kReleases, [](const World& w, const Value& release) {
               std::vector<ObjectName> out;
               if (!has_events(release)) return out;
               for (const Value& n : w.cache(api::kNotifications).in_space(api::space_of(release)))
                 out.push_back({std::string(api::space_of(n)), std::string(api::name_of(n))});
               return out;
             }}};
  }

  std::optional<control::Decision> reconcile(const World& world, const ObjectName& name,
                                             base::Time now) const override {
    const Value& notification = world.find(api::kNotifications, name);
    if (notification.is_null() || api::is_deleting(notification)) return std::nullopt;
    notify::Observation o{.notification = notification};
    for (const Value& release : world.cache(api::kReleases).in_space(name.space))
      if (has_events(release)) o.releases.push_back(release);
    for (const std::string& id : notify::questions_of(notification, o.releases)) {
      if (const control::Fact* fact = world.fact(id)) o.answers.emplace(id, *fact);
      if (world.is_pending(id)) o.pending.insert(id);
    }
    control::Decision out = notify::decide(o, now);
    out.rest = std::min(kLongestRest, kRestForEach * static_cast<std::int64_t>(o.releases.size()));
    return out;
  }
};

}  // namespace

std::unique_ptr<control::Controller> make_notification_controller() {
  return std::make_unique<NotificationController>();
}

}  // namespace slipway::delivery
