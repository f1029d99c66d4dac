// While a release of a StatefulSet waits for a person, no pod of the new version comes beyond what its batch asks for.
//
// A StatefulSet may have one under way already when it is told to stop, and one whose size has changed is not looked
// at: the batch is a part of it. (A DaemonSet makes pods of its template only, so any that a user deletes comes up as
// new.)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "control/pod.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

// From the pause until nothing of before is under way any more.
constexpr base::Duration kSettles = base::seconds(20);

class PlacedBatches final : public Checker {
 public:
  std::string_view name() const override { return "placed-batches"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    const std::string& resource = change.entry->key.resource;
    if (resource == api::kStatefulSets.qualified() && change.previous &&
        change.previous->object["spec"]["replicas"] != object["spec"]["replicas"])
      paused_.clear();
    if (resource == api::kReleases.qualified()) see_release(truth, change);
    for (const auto& [uid, since] : paused_)
      if (truth.now - since > truth.behind + kSettles)
        for (const Value& release : truth.list(api::kReleases))
          if (api::uid_of(release) == uid)
            if (auto wrong = judge(truth, release)) return wrong;
    return {};
  }

 private:
  void see_release(const Truth& truth, const store::Change& change) {
    const Value& release = change.entry->object;
    const std::string uid(api::uid_of(release));
    const bool waits = change.kind == store::Change::Kind::Put && !api::is_deleting(release) &&
                       release["spec"]["target"]["kind"].as_string() == "StatefulSet" &&
                       release["status"]["phase"].as_string() == "Paused";
    if (!waits) paused_.erase(uid);
    if (waits) paused_.emplace(uid, truth.now);
  }

  static std::optional<std::string> judge(const Truth& truth, const Value& release) {
    const Value& status = release["status"];
    if (status["rollback"].is_object() || status["candidate"].is_null()) return {};
    const std::string space(api::space_of(release)), target = release["spec"]["target"]["name"].str();
    const Value set = truth.find(api::kStatefulSets, space, target);
    const std::int64_t n = set["spec"]["replicas"].as_int(1);
    std::int64_t allowed = 0;
    const Value& batches = release["spec"]["strategy"]["rolling"]["batches"];
    for (std::size_t i = 0; i < batches.size() && static_cast<std::int64_t>(i) <= status["step"]["index"].as_int(-1);
         ++i) {
      const auto part =
          static_cast<std::int64_t>(std::ceil(batches.at(i)["percent"].as_double() * static_cast<double>(n) / 100));
      allowed = std::max({allowed, batches.at(i)["replicas"].as_int(), part});
    }
    if (status["step"]["index"].as_int(-1) >= static_cast<std::int64_t>(batches.size())) return {};
    const std::string revision = target + "-" + status["candidate"]["hash"].str();
    std::int64_t pods = 0;
    for (const Value& pod : truth.list(api::kPods, space))
      pods += control::is_active(pod) && api::label(pod, "controller-revision-hash") == revision;
    if (pods <= allowed + 1) return {};
    return fmt::format("{} of {} pods of {} are new, and the release waits for a person at {}", pods, n, target,
                       allowed);
  }

  std::map<std::string, base::Time> paused_;  // since when, by uid of the Release
};

}  // namespace

std::unique_ptr<Checker> make_placed_batches() { return std::make_unique<PlacedBatches>(); }

}  // namespace slipway::rehearse
