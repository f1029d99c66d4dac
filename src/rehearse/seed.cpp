#include "rehearse/seed.h"

#include <fmt/format.h>

#include <cstdio>

#include "delivery/state.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using data::Value;
using delivery::Phase;

constexpr const char* kSpace = "shop";
constexpr const char* kApp = "web";
constexpr base::Duration kStartLimit = base::minutes(10);
constexpr base::Duration kFaultTime = base::minutes(6);
constexpr base::Duration kEndLimit = base::hours(2);
constexpr base::Duration kRest = base::minutes(15);  // a Deployment's own deadline lies within
constexpr base::Duration kQuiet = base::minutes(3);

// How a version of the app behaves.
struct Version {
  std::string name;  // image tag
  bool good = true;
  Value annotations = Value::object();
};

Version good_version(std::string tag) { return {.name = std::move(tag)}; }

Version drawn_version(runtime::Random& random, std::string tag) {
  Version v{.name = std::move(tag), .good = false};
  const auto annotate = [&v](std::string_view key, std::string_view value) {
    v.annotations.set(std::string(kAnnotationPrefix).append(key), value);
  };
  switch (random.below(6)) {
    case 0:
      annotate("error-rate", "0.25");
      v.name += "-errors";
      break;
    case 1:
      annotate("latency", "900ms");
      v.name += "-slow";
      break;
    case 2:
      annotate("never-ready", "true");
      v.name += "-unready";
      break;
    case 3:
      annotate("crash-after", "4s");
      v.name += "-crashing";
      break;
    default:
      v.good = true;
  }
  if (v.good) annotate("start", random.below(2) ? "300ms" : "6s");
  return v;
}

Value meta(std::string_view name) { return Value::object({{"name", name}, {"namespace", kSpace}}); }

Value deployment_of(const Version& version, std::int64_t replicas) {
  const Value labels = Value::object({{"app", kApp}});
  const Value container = Value::object({{"name", kApp}, {"image", "shop/web:" + version.name}});
  const Value pod =
      Value::object({{"metadata", Value::object({{"labels", labels}, {"annotations", version.annotations}})},
                     {"spec", Value::object({{"containers", Value::array({container})}})}});
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", meta(kApp)},
                        {"spec", Value::object({{"replicas", replicas},
                                                {"selector", Value::object({{"matchLabels", labels}})},
                                                {"template", pod}})}});
}

Value service() {
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Service"},
       {"metadata", meta(kApp)},
       {"spec", Value::object({{"selector", Value::object({{"app", kApp}})},
                               {"ports", Value::array({Value::object({{"name", "http"}, {"port", 80}})})}})}});
}

Value route() {
  const Value ref = Value::object({{"name", kApp}, {"port", 80}});
  return Value::object(
      {{"apiVersion", "gateway.networking.k8s.io/v1"},
       {"kind", "HTTPRoute"},
       {"metadata", meta(kApp)},
       {"spec", Value::object({{"parentRefs", Value::array({Value::object({{"name", "slipway"}})})},
                               {"rules", Value::array({Value::object({{"backendRefs", Value::array({ref})}})})}})}});
}

Value metric(std::string_view name, std::string_view query, std::string_view condition) {
  return Value::object(
      {{"name", name},
       {"interval", "2s"},
       {"count", 5},
       {"failureLimit", 1},
       {"consecutiveErrorLimit", 20},
       {"inconclusiveLimit", 20},
       {"minSamples", 5},
       {"successCondition", condition},
       {"provider", Value::object({{"gateway", Value::object({{"query", query}, {"window", "5s"}})}})}});
}

Value analysis_template() {
  return Value::object(
      {{"apiVersion", "slipway.dev/v1alpha1"},
       {"kind", "AnalysisTemplate"},
       {"metadata", meta("health")},
       {"spec", Value::object({{"metrics", Value::array({metric("error-rate", "error-rate", "result < 0.05"),
                                                         metric("p99", "p99", "result < 0.5")})}})}});
}

Value weight(int percent) { return Value::object({{"weight", percent}}); }

Value analysis() {
  return Value::object(
      {{"analysis", Value::object({{"templates", Value::array({Value::object({{"name", "health"}})})}})}});
}

Value canary_release() {
  const Value pause = Value::object({{"pause", Value::object({{"duration", "5s"}})}});
  const Value steps = Value::array({weight(5), analysis(), weight(25), pause, weight(50), analysis(), weight(100)});
  return Value::object(
      {{"apiVersion", "slipway.dev/v1alpha1"},
       {"kind", "Release"},
       {"metadata", meta(kApp)},
       {"spec", Value::object({{"target", Value::object({{"kind", "Deployment"}, {"name", kApp}})},
                               {"traffic", Value::object({{"route", kApp}, {"service", kApp}})},
                               {"deadline", "2m"},
                               {"rollback", Value::object({{"verifyTimeout", "2m"}, {"onInconclusive", "Rollback"}})},
                               {"guards", Value::object({{"maxRestarts", 3}, {"maxProbeFailures", 6}})},
                               {"strategy", Value::object({{"canary", Value::object({{"steps", steps}})}})}})}});
}

Value rolling_release() {
  Value release = canary_release();
  release.erase({"spec", "traffic"});
  release.set({"spec", "strategy"},
              Value::object({{"rolling", Value::object({{"maxSurge", "25%"}, {"maxUnavailable", "25%"}})}}));
  return release;
}

// The user, the app and what they do in one seed.
class Story {
 public:
  Story(std::uint64_t seed, const SeedOptions& options)
      : choices_(seed * 2 + 1), options_(options), world_(draw(seed)) {}

  SeedResult run() {
    world_.start();
    if (begin() && change() && finish()) check_end();
    SeedResult result{.problem = problem_, .story = text_};
    if (world_.violation()) result.problem = world_.violation();
    result.virtual_time = world_.loop().mono().time_since_epoch();
    result.writes = world_.writes();
    result.decisions = world_.decisions();
    return result;
  }

 private:
  WorldOptions draw(std::uint64_t seed) {
    WorldOptions o{.seed = seed};
    if (!options_.faults) return o;
    o.faults = FaultRates::drawn(choices_);
    o.metric_faults = MetricFaults::drawn(choices_);
    metrics_lie_ = o.metric_faults.wrong > 0;
    o.processes = choices_.below(3) == 0 ? 2 : 1;
    constexpr double kCrash[] = {0, 0.01, 0.05};
    o.crash_chance = kCrash[choices_.below(3)];
    o.clock_jumps = choices_.below(4) == 0;
    return o;
  }

  bool fail(std::string what) {
    if (!problem_) problem_ = std::move(what);
    return false;
  }
  bool put(const api::Resource& resource, const Value& object) {
    const auto applied = world_.apply(resource, object);
    if (applied) return true;
    return fail(fmt::format("the user could not apply {}: {}", resource.kind, applied.error().message));
  }
  delivery::State state() { return delivery::read_state(world_.get(api::kReleases, kSpace, kApp)["status"]); }

  bool wait(const std::string& what, base::Duration limit, const std::function<bool()>& done) {
    const bool reached = world_.run_until(
        [&] {
          trace();
          return done();
        },
        limit);
    if (reached || world_.violation()) return reached;
    const delivery::State s = state();
    return fail(fmt::format("{} was not reached in {}: phase {}, {}", what, base::format_duration(limit),
                            delivery::to_text(s.phase), s.message));
  }
  void trace() {
    if (!options_.trace) return;
    const delivery::State s = state();
    std::string now = fmt::format("{} {} wanted {} verified {}", delivery::to_text(s.phase), s.message,
                                  s.traffic.wanted, s.traffic.verified);
    if (now == traced_) return;
    traced_ = now;
    std::printf("%10.3f  %s\n", base::to_seconds(world_.loop().mono().time_since_epoch()), now.c_str());
  }

  bool begin() {
    rolling_ = choices_.below(4) == 0;
    replicas_ = 1 + static_cast<std::int64_t>(choices_.below(6));
    current_ = good_version("v1");
    text_ = fmt::format("{} of {} replicas", rolling_ ? "rolling" : "canary", replicas_);
    const Value space =
        Value::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Value::object({{"name", kSpace}})}});
    return put(api::kNamespaces, space) && put(api::kServices, service()) && put(api::kHttpRoutes, route()) &&
           put(api::kAnalysisTemplates, analysis_template()) &&
           put(api::kDeployments, deployment_of(current_, replicas_)) &&
           put(api::kReleases, rolling_ ? rolling_release() : canary_release()) &&
           wait("the Release to be idle", kStartLimit, [this] { return is_settled(); });
  }

  bool change() {
    previous_ = current_;
    current_ = drawn_version(choices_, "v2");
    text_ += ", " + current_.name;
    if (!put(api::kDeployments, deployment_of(current_, replicas_))) return false;
    const std::uint64_t in_the_middle = choices_.below(5);
    world_.run_for(base::milliseconds(choices_.below(60'000)));
    if (in_the_middle == 0) {
      current_ = drawn_version(choices_, "v3");
      text_ += ", then " + current_.name;
      if (!put(api::kDeployments, deployment_of(current_, replicas_))) return false;
    } else if (in_the_middle == 1) {
      replicas_ = 1 + static_cast<std::int64_t>(choices_.below(8));
      text_ += fmt::format(", scaled to {}", replicas_);
      if (!put(api::kDeployments, deployment_of(current_, replicas_))) return false;
    } else if (in_the_middle == 2) {
      current_ = previous_;
      text_ += ", reverted by the user";
      if (!put(api::kDeployments, deployment_of(current_, replicas_))) return false;
    }
    world_.run_for(kFaultTime);
    world_.stop_faults();
    return !world_.violation();
  }

  bool finish() {
    return wait("the end of the release", kEndLimit, [this] { return is_settled(); });
  }

  bool is_settled() {
    const Value deployment = world_.get(api::kDeployments, kSpace, kApp);
    const Value release = world_.get(api::kReleases, kSpace, kApp);
    const delivery::State s = delivery::read_state(release["status"]);
    const std::string image = ":" + current_.name;
    const bool held = s.phase == Phase::RolledBack && s.rejected && s.rejected->images.ends_with(image);
    const bool out = s.phase == Phase::Idle && s.stable && s.stable->images.ends_with(image);
    if (!held && !out) return false;
    return deployment["spec"]["replicas"].as_int() == s.replicas.stable_ready && s.replicas.candidate == 0;
  }

  void check_end() {
    const delivery::State s = state();
    const bool out = s.phase == Phase::Idle;
    if (!current_.good && out && !may_pass_unseen()) fail("bad version " + current_.name + " is out");
    if (out && current_.name.ends_with("-crashing")) return;  // its pods never come to rest
    // Leases and other housekeeping are not watched: what is counted are pods, workloads, routes, releases and
    // analyses.
    world_.run_for(kRest);
    world_.forget_writes();
    world_.run_for(kQuiet);
    if (world_.written().empty()) return;
    std::string what;
    for (const auto& [object, times] : world_.written()) what += fmt::format(" {} of {}", times, object);
    fail(fmt::format("not quiet in {} after the end: writes{}", base::format_duration(kQuiet), what));
  }
  // Without a router there are no metrics to catch errors and slowness with, and a rolling update can end before the
  // first crash.
  bool may_pass_unseen() const { return metrics_lie_ || (rolling_ && !current_.name.ends_with("-unready")); }

  runtime::sim::SeededRandom choices_;
  SeedOptions options_;
  bool metrics_lie_ = false;
  World world_;
  bool rolling_ = false;
  std::int64_t replicas_ = 4;
  Version current_, previous_;
  std::string text_, traced_;
  std::optional<std::string> problem_;
};

}  // namespace

SeedResult run_seed(std::uint64_t seed, const SeedOptions& options) { return Story(seed, options).run(); }

}  // namespace slipway::rehearse
