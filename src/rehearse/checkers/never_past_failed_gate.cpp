// Once an analysis of a revision has failed, that revision's share of the traffic never grows again.
#include <map>
#include <set>

#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

class NeverPastFailedGate final : public Checker {
 public:
  std::string_view name() const override { return "never-past-failed-gate"; }

  std::optional<std::string> changed(const Truth&, const store::Change& change) override {
    if (change.entry->key.resource != api::kAnalysisRuns.qualified()) return {};
    const data::Value& run = change.entry->object;
    const std::string hash(api::label(run, "pod-template-hash"));
    if (run["status"]["phase"].as_string() == "Failed" && !hash.empty())
      failed_.insert({change.entry->key.space, hash});
    return {};
  }

  std::optional<std::string> routed(const Truth& truth, const client::ObjectName& route,
                                    const ModelledGateway::Route& now) override {
    std::optional<std::string> broken;
    for (const auto& backend : now.backends) {
      const std::string hash = truth.hash_of(route.space, backend.part);
      if (hash.empty()) continue;
      std::int64_t& before = shares_[{route, hash}];
      if (failed_.contains({route.space, hash}) && backend.part.share > before)
        broken = "the share of revision " + hash + " grew from " + std::to_string(before) + " to " +
                 std::to_string(backend.part.share) + " after its analysis had failed";
      before = backend.part.share;
    }
    return broken;
  }

 private:
  std::set<std::pair<std::string, std::string>> failed_;
  std::map<std::pair<client::ObjectName, std::string>, std::int64_t> shares_;
};

}  // namespace

std::unique_ptr<Checker> make_never_past_failed_gate() { return std::make_unique<NeverPastFailedGate>(); }

}  // namespace slipway::rehearse
