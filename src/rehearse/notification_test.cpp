// Events of many releases and one receiver, in a world with faults: processes that die, stand still and lose answers,
// and a receiver that fails. What is wanted arrives, in order, and nothing more often than the faults explain.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "api/meta.h"
#include "api/testing.h"
#include "delivery/notify/decide.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr int kApps = 6;

std::string app(int i) { return "app-" + std::to_string(i); }

Value deployment(int i, const std::string& version) {
  return api::testing::yaml(
      fmt::format(R"({{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {0}, namespace: shop}},
    spec: {{replicas: 2, selector: {{matchLabels: {{app: {0}}}}}, template: {{metadata: {{labels: {{app: {0}}}}},
    spec: {{containers: [{{name: app, image: "shop/app:{1}"}}]}}}}}}}})",
                  app(i), version));
}
Value release(int i) {
  return api::testing::yaml(
      fmt::format(R"({{apiVersion: slipway.dev/v1alpha1, kind: Release, metadata: {{name: {0}, namespace: shop}},
    spec: {{target: {{name: {0}}}, deadline: 1h, strategy: {{canary: {{steps: [{{weight: 50}}, {{pause: {{duration: 5s}}}}, {{weight: 100}}]}}}}}}}})",
                  app(i)));
}
Value notification() {
  return api::testing::yaml(
      "{apiVersion: slipway.dev/v1alpha1, kind: Notification, metadata: {name: record, namespace: shop}, spec: "
      "{webhook: {url: "
      "'https://record.example/'}, events: [Started, Step, Paused, RollingBack, Verified, VerificationFailed, "
      "RolledBack, Withdrawn, "
      "Released]}}");
}

struct Told {
  std::int64_t duplicates = 0;
  std::set<std::string> ids;  // of all events that were taken
};

class Crowd {
 public:
  Crowd(std::uint64_t seed, bool faults, ReceiverFaults receiver = {}) : world_(options(seed, faults)) {
    world_.receiver().set_faults(receiver);
    world_.start();
    put(api::kNamespaces, api::testing::yaml("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"));
    put(api::kNotifications, notification());
    for (int i = 0; i < kApps; ++i) put(api::kDeployments, deployment(i, "v1")), put(api::kReleases, release(i));
    EXPECT_TRUE(world_.run_until(
        [this] {
          return state()["since"].is_string() && all([](const Value& s) { return s["phase"].as_string() == "Idle"; });
        },
        base::hours(1)));
  }
  World& world() { return world_; }
  Value state() { return world_.get(api::kNotifications, "shop", "record")["status"]; }

  // Versions go out, one of them comes back; faults end in the middle of it, and after that so does everything.
  void play() {
    for (int i = 0; i < kApps; ++i) put(api::kDeployments, deployment(i, i == 3 ? "v2-crashing" : "v2"));
    world_.run_for(base::minutes(2));
    for (int i = 0; i < 2; ++i) put(api::kDeployments, deployment(i, "v3"));  // in the middle of it, or after it
    world_.run_for(base::minutes(1));
    world_.stop_faults();
    world_.receiver().set_faults({});
    EXPECT_TRUE(world_.run_until(
        [this] {
          return all([](const Value& s) {
                   return s["phase"].as_string() == "Idle" || s["phase"].as_string() == "RolledBack";
                 }) &&
                 all_told();
        },
        base::hours(2)))
        << "something was never told";
    EXPECT_EQ(world_.violation(), std::nullopt);
  }

  // Every event that a Release has kept was taken, those of each Release first in their order.
  Told told() {
    Told out;
    std::map<std::string, std::int64_t> last;
    for (const ModelledReceiver::Arrival& arrival : world_.receiver().arrivals()) {
      if (!arrival.taken) continue;
      if (!out.ids.insert(arrival.id).second) {
        ++out.duplicates;
        continue;
      }
      EXPECT_EQ(arrival.number, last[arrival.source] + 1) << arrival.source << " " << arrival.type;
      last[arrival.source] = arrival.number;
    }
    for (const Value& r : world_.truth().list(api::kReleases))
      for (const Value& event : r["status"]["events"].items())
        EXPECT_TRUE(out.ids.contains(fmt::format("{}-{}", api::uid_of(r), event["number"].as_int())))
            << api::name_of(r) << " " << event["type"].as_string();
    return out;
  }
  std::int64_t events() {
    std::int64_t count = 0;
    for (const Value& r : world_.truth().list(api::kReleases))
      count += static_cast<std::int64_t>(r["status"]["events"].size());
    return count;
  }

 private:
  static WorldOptions options(std::uint64_t seed, bool faults) {
    WorldOptions o{.seed = seed, .nodes = 3};
    if (!faults) return o;
    runtime::sim::SeededRandom random(seed);
    o.faults = FaultRates::drawn(random);
    o.processes = 2;
    o.crash_chance = 0.02;
    o.freeze_chance = 0.01;
    o.clock_jumps = seed % 2 == 0;
    return o;
  }
  void put(const api::Resource& resource, const Value& object) {
    const auto done = world_.apply(resource, object);
    EXPECT_TRUE(done) << done.error().message;
  }
  bool all(const std::function<bool(const Value&)>& holds) {
    const auto releases = world_.truth().list(api::kReleases);
    return std::ranges::all_of(releases, [&](const Value& r) { return holds(r["status"]); });
  }
  bool all_told() {
    const Value now = state();
    if (now["failing"].is_object()) return false;
    std::map<std::string, std::int64_t> positions;
    for (const Value& p : now["positions"].items()) positions[p["uid"].str()] = p["event"].as_int();
    const auto releases = world_.truth().list(api::kReleases);
    return std::ranges::all_of(releases, [&](const Value& r) {
      const Value& events = r["status"]["events"];
      return events.size() == 0 ||
             positions[std::string(api::uid_of(r))] == events.at(events.size() - 1)["number"].as_int();
    });
  }

  World world_;
};

TEST(NotificationWorld, EachEventArrivesOnceWhenNothingFails) {
  Crowd crowd(1, false);
  crowd.play();
  const Told told = crowd.told();
  EXPECT_EQ(told.duplicates, 0);
  EXPECT_EQ(static_cast<std::int64_t>(told.ids.size()), crowd.events());
  EXPECT_GE(crowd.events(), 4 * kApps) << "started, steps, released";
  EXPECT_EQ(crowd.state()["delivered"].as_int(), crowd.events());
  // And then nothing is written or asked any more.
  crowd.world().run_for(base::minutes(10));
  crowd.world().forget_writes();
  crowd.world().run_for(base::minutes(10));
  for (const auto& [object, writes] : crowd.world().written())
    EXPECT_TRUE(object.starts_with("leases") || object.starts_with("nodes")) << object << " " << writes;
}

TEST(NotificationWorld, NothingIsLostAndNothingIsRepeatedWithoutACause) {
  std::int64_t duplicates = 0, failed = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Crowd crowd(seed, true, {.lost_request = 0.05, .lost_answer = 0.05, .failed = 0.2});
    crowd.play();
    const Told told = crowd.told();
    World& world = crowd.world();
    const auto struck = [&](const char* name) {
      const auto& all = world.faults().struck();
      return all.contains(name) ? all.at(name) : 0;
    };
    const Value lease = world.get(api::kLeases, "kube-system", "slipway-controller");
    const std::int64_t changes = lease["spec"]["leaseTransitions"].as_int() + struck("crash") + struck("freeze");
    EXPECT_LE(told.duplicates,
              world.receiver().lost_answers() + changes * static_cast<std::int64_t>(delivery::notify::kInFlight))
        << "seed " << seed;
    EXPECT_EQ(crowd.state()["givenUp"].as_int(), 0) << "seed " << seed;
    EXPECT_EQ(crowd.state()["missed"].as_int(), 0) << "seed " << seed;
    duplicates += told.duplicates;
    for (const auto& arrival : world.receiver().arrivals()) failed += arrival.taken ? 0 : 1;
  }
  EXPECT_GT(duplicates, 0) << "no fault ever made the receiver get an event twice: the test proves nothing";
  EXPECT_GT(failed, 0);
}

TEST(NotificationWorld, AReceiverThatIsAwayHoldsNoReleaseUpAndHearsOfAllWhenItIsBack) {
  Crowd crowd(3, false);
  const base::MonoTime began = crowd.world().loop().mono();
  crowd.play();
  const base::Duration undisturbed = crowd.world().loop().mono() - began;

  Crowd other(3, false);
  other.world().receiver().go_down(true);
  const base::MonoTime again = other.world().loop().mono();
  const base::Time began_at = other.world().loop().now();
  const auto back = other.world().loop().after(base::minutes(30), [&] { other.world().receiver().go_down(false); });
  other.play();
  EXPECT_GE(other.world().loop().mono() - again, base::minutes(30));
  EXPECT_LE(other.world().loop().mono() - again, base::minutes(30) + undisturbed + base::minutes(6));
  const Told told = other.told();
  EXPECT_EQ(told.duplicates, 0);
  EXPECT_EQ(static_cast<std::int64_t>(told.ids.size()), other.events());
  // The releases themselves were over long before.
  for (const Value& r : other.world().truth().list(api::kReleases))
    EXPECT_LT(*base::parse_time(r["status"]["history"].at(0)["finishedAt"].as_string()) - began_at, base::minutes(10));
}

}  // namespace
}  // namespace slipway::rehearse
