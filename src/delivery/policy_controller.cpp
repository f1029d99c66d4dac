#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/resource.h"
#include "delivery/controllers.h"
#include "delivery/places/places.h"

namespace slipway::delivery {
namespace {

using client::ObjectName;
using control::World;
using data::Value;

// A decision looks at all Releases: a storm of changes is looked at once.
constexpr base::Duration kInterval = base::milliseconds(100);

class PolicyController final : public control::Controller {
 public:
  std::string_view name() const override { return "releasepolicy"; }
  const api::Resource& resource() const override { return api::kReleasePolicies; }
  bool optional() const override { return true; }
  base::Duration min_interval() const override { return kInterval; }
  bool decides_about(const Value& policy) const override { return api::name_of(policy) == api::kPolicyName; }

  std::vector<control::Watch> watches() const override {
    return {{api::kReleases, [](const World& w, const Value& release) {
               const ObjectName name{"", std::string(api::kPolicyName)};
               const Value& policy = w.find(api::kReleasePolicies, name);
               return !policy.is_null() && places::concerns(policy, release) ? std::vector{name}
                                                                             : std::vector<ObjectName>();
             }}};
  }

  std::optional<control::Decision> reconcile(const World& world, const ObjectName& name, base::Time) const override {
    const Value& policy = world.find(api::kReleasePolicies, name);
    if (policy.is_null() || api::is_deleting(policy)) return std::nullopt;
    std::vector<Value> releases;
    if (places::caps_of(policy).any())
      for (const auto& [key, release] : world.cache(api::kReleases).all()) releases.push_back(release);
    return places::decide(policy, releases);
  }
};

}  // namespace

std::unique_ptr<control::Controller> make_policy_controller() { return std::make_unique<PolicyController>(); }

}  // namespace slipway::delivery
