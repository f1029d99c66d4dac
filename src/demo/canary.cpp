// The good canary: each weight measured from outside while it stands.
#include <fmt/format.h>

#include <chrono>
#include <set>

#include "demo/stage.h"

namespace slipway::demo {

using delivery::State;

namespace {

using Clock = std::chrono::steady_clock;

constexpr base::Duration kPatience = base::seconds(90);
constexpr base::Duration kWindow = base::milliseconds(1500);  // of requests counted; ends before the next weight can come

// Begins a segment when a weight is verified and ends it before the next change can be decided.
class Steps {
 public:
  explicit Steps(Stage& stage) : stage_(stage) {}

  void seen(const State& state) {
    if (open_ && Clock::now() - since_ > kWindow) close();
    const std::int64_t share = state.traffic.verified;
    if (share <= 0 || share != state.traffic.wanted || !shares_.insert(share).second) return;
    if (open_) close();
    names_.push_back("canary-" + std::to_string(share));
    weights_.push_back(static_cast<double>(share) / 100);
    (void)stage_.load->mark(names_.back()).has_value();
    open_ = true;
    since_ = Clock::now();
  }
  bool open() const { return open_; }
  void close() {
    if (open_) (void)stage_.load->mark("between-" + std::to_string(++between_)).has_value();
    open_ = false;
  }
  base::Result<std::vector<StepShare>> measured(const std::string& tag) {
    std::vector<StepShare> steps;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      auto segment = stage_.load->settled(names_[i], base::seconds(5));
      auto users = stage_.load->users_of(names_[i], tag);
      if (!segment) return base::fail(segment.error());
      if (!users) return base::fail(users.error());
      steps.push_back(share_of(*segment, tag, weights_[i], *users));
    }
    return steps;
  }

 private:
  Stage& stage_;
  std::set<std::int64_t> shares_;
  std::vector<std::string> names_;
  std::vector<double> weights_;
  Clock::time_point since_;
  bool open_ = false;
  int between_ = 0;
};

}  // namespace

base::Result<void> chapter_canary(Stage& stage) {
  const auto begin = Clock::now();
  stage.narrator.chapter("2  Canary  v1.1 → v2");
  if (auto applied = stage.apply("release.yaml"); !applied) return applied;
  auto idle = stage.follow(
      "the Release to take the Deployment in", kPatience, [](const State&) {},
      [](const State& s) { return settled_on(s, "v1.1"); });
  if (!idle) return base::fail(idle.error());
  if (auto reset = stage.load->reset(); !reset) return reset;
  if (auto set = stage.set_image("v2"); !set) return set;
  Steps steps(stage);
  auto end = stage.follow(
      "the canary's end", kPatience, [&steps](const State& s) { steps.seen(s); },
      [&steps](const State& s) {
        return (settled_on(s, "v2") && !steps.open()) || s.phase == delivery::Phase::RolledBack;
      });
  if (!end) return base::fail(end.error());
  steps.close();
  auto measured = steps.measured("v2");
  if (!measured) return base::fail(measured.error());
  auto totals = stage.load->totals();
  if (!totals) return base::fail(totals.error());
  static_cast<Counted&>(stage.report.canary) = counted(*totals);
  stage.report.canary.result = settled_on(*end, "v2") ? "succeeded" : "rolled-back";
  stage.report.canary.steps = *measured;
  for (const StepShare& step : *measured)
    stage.narrator.line(fmt::format("weight {:>5.4g} %   measured {:6.2f} % of {} requests, {} of {} users",
                                    step.weight, step.measured(), step.requests, step.users_on_candidate, step.users));
  stage.narrator.good(fmt::format("canary {} in {:.1f} s; {} requests, {} failed", stage.report.canary.result,
                                  std::chrono::duration<double>(Clock::now() - begin).count(),
                                  stage.report.canary.requests, stage.report.canary.failed));
  return {};
}

}  // namespace slipway::demo
