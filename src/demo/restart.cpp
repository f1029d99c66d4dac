// The server is killed in the middle of a canary: pods and proxy go on, and the next server finishes the release.
#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "demo/stage.h"

namespace slipway::demo {

using delivery::State;

namespace {

constexpr base::Duration kPatience = base::seconds(90);
constexpr std::int64_t kKillAt = 500;  // hundredths of a percent: in the middle of the canary
constexpr auto kAway = std::chrono::seconds(2);

}  // namespace

base::Result<void> chapter_restart(Stage& stage) {
  stage.narrator.chapter("4  kill -9 of the server in the middle of a canary  v2 → v4");
  if (auto reset = stage.load->reset(); !reset) return reset;
  if (auto set = stage.set_image("v4"); !set) return set;
  auto middle = stage.follow(
      "the canary to be under way", kPatience, [](const State&) {},
      [](const State& s) { return s.traffic.wanted >= kKillAt && s.traffic.verified >= kKillAt; });
  if (!middle) return base::fail(middle.error());
  if (auto collected = stage.collect_retries(); !collected) return collected;  // the next server counts anew
  const auto pid = static_cast<pid_t>(stage.endpoints["pid"].as_int());
  if (pid <= 0 || kill(pid, SIGKILL) != 0) return base::fail(base::Code::Internal, "the server could not be killed");
  stage.cluster.reset();
  auto before = stage.load->snapshot("");
  std::this_thread::sleep_for(kAway);
  auto after = stage.load->snapshot("");
  if (!before || !after) return base::fail(base::Code::Internal, "the load generator does not answer");
  stage.narrator.line(fmt::format("server killed at weight {} %; {} requests answered while it was away, {} failed",
                                  middle->traffic.verified / 100,
                                  (*after)["answered"].as_int() - (*before)["answered"].as_int(),
                                  (*after)["failed"].as_int() - (*before)["failed"].as_int()));
  if (auto up = stage.up(); !up) return up;
  auto end = stage.follow(
      "the end of the canary after the restart", kPatience, [](const State&) {},
      [](const State& s) { return settled_on(s, "v4") || s.phase == delivery::Phase::RolledBack; });
  if (!end) return base::fail(end.error());
  auto totals = stage.load->totals();
  if (!totals) return base::fail(totals.error());
  static_cast<Counted&>(stage.report.restart) = counted(*totals);
  stage.report.restart.result = settled_on(*end, "v4") ? "succeeded" : "rolled-back";
  if (auto collected = stage.collect_retries(); !collected) return collected;
  stage.narrator.good(fmt::format("release {}; {} requests, {} failed", stage.report.restart.result,
                                  stage.report.restart.requests, stage.report.restart.failed));
  return {};
}

}  // namespace slipway::demo
