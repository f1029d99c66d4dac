#include "rehearse/seed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "delivery/commands.h"
#include "delivery/state.h"
#include "rehearse/app_router.h"
#include "rehearse/ending.h"
#include "rehearse/story.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using app::kName;
using app::kSpace;
using app::Manner;
using data::Value;
using delivery::Phase;
using delivery::plan::WorkloadKind;

// While clocks jump, a pod may have to wait long to have been ready for minReadySeconds (seeds 2020; 76 on Ingress).
constexpr base::Duration kStartLimit = base::minutes(40);
constexpr base::Duration kFaultTime = base::minutes(6);
constexpr base::Duration kEndLimit = base::minutes(40);
constexpr base::Duration kRest = base::minutes(5);  // a Deployment's own deadline lies within
constexpr base::Duration kQuiet = base::minutes(3);
constexpr double kRequestsPerSecond = 200;
// What one pod carries, as a multiple of its share of all requests: two pods of four may be away.
constexpr double kReserve = 2.5;

// What ingress-nginx and Traefik say of themselves (delivery/plan/capabilities.cpp has the options' names) lies below
// the five seconds after which the product believes them; so does the slowest router here.
constexpr base::Duration kSlowestThatTellsNothing = base::milliseconds(4'500);

// Room for both versions at full size and a surge, and little more, so that pods compete for it.
void draw_nodes(runtime::Random& random, const Story& story, WorldOptions& o) {
  if (random.below(2) == 0) return;
  o.nodes = 3;
  const auto jobs = static_cast<std::int64_t>(story.choices.hooks.size());
  o.pods_per_node = (2 * story.most_replicas() + jobs + 2 + o.nodes) / o.nodes;
}

void draw_proxy(runtime::Random& random, const Story& story, WorldOptions& o) {
  constexpr std::int64_t kApplyMs[] = {60, 60, 2'000, 8'000};
  o.traffic.router = story.choices.router;
  o.traffic.apply_delay = base::milliseconds(kApplyMs[random.below(4)]);
  if (!writes_status(o.traffic.router))
    o.traffic.apply_delay = std::min(o.traffic.apply_delay, kSlowestThatTellsNothing);
  o.traffic.requests_per_second = kRequestsPerSecond;
  o.traffic.pod_capacity = kRequestsPerSecond * kReserve / static_cast<double>(story.choices.replicas);
}

void draw_faults(runtime::Random& random, WorldOptions& o) {
  o.faults = FaultRates::drawn(random);
  o.metric_faults = MetricFaults::drawn(random);
  o.processes = random.below(2) == 0 ? 2 : 1;
  constexpr double kCrash[] = {0, 0.01, 0.05};
  o.crash_chance = kCrash[random.below(3)];
  constexpr double kFreeze[] = {0, 0.01, 0.03};
  o.freeze_chance = kFreeze[random.below(3)];
  o.clock_jumps = random.below(4) == 0;
}

// Plays one story in one world.
class Player {
 public:
  Player(std::uint64_t seed, const SeedOptions& options)
      : choices_(seed * 2 + 1), options_(options), story_(drawn(options)), world_(draw(seed)) {
    story_.choices.config = options.config && story_.choices.manner != Manner::Plain && !story_.choices.in_place();
    story_.choices.keep_pods = options.keep_pods && story_.choices.manner == Manner::Canary;
  }

  SeedResult run() {
    world_.start();
    if (begin() && act() && finish()) check_end();
    SeedResult result{.problem = problem_, .rule = problem_ ? "ending" : "", .story = text()};
    if (world_.violation()) result.problem = world_.violation(), result.rule = world_.broken_rule();
    result.virtual_time = world_.loop().mono().time_since_epoch();
    result.writes = world_.writes();
    result.decisions = world_.decisions();
    result.requests = world_.gateway().requests();
    result.refusals = world_.refusals();
    result.faults = world_.faults().struck();
    return result;
  }

 private:
  Story drawn(const SeedOptions& o) {
    Story story = draw_story(choices_, {.router = o.router,
                                        .blue_green = o.blue_green || o.preview,
                                        .opt_in = o.opt_in,
                                        .gray = o.gray,
                                        .ab_test = o.ab_test,
                                        .dynamic_stable = o.dynamic_stable,
                                        .hooks = o.hooks,
                                        .workload = o.workload});
    story.choices.preview = o.preview && story.choices.blue_green;
    let_in_late_ = story.choices.preview && choices_.below(2) == 0;
    return story;
  }
  WorldOptions draw(std::uint64_t seed) {
    WorldOptions o{.seed = seed};
    draw_nodes(choices_, story_, o);
    draw_proxy(choices_, story_, o);
    calm_ = !options_.faults || choices_.below(5) == 0;
    if (!calm_) draw_faults(choices_, o);
    if (!calm_ && options_.hooks) o.hook_faults = HookFaults::drawn(choices_);
    metrics_lie_ = o.metric_faults.wrong > 0;
    if (options_.trace) o.trace = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
    return o;
  }
  const api::Resource& workload() const { return delivery::plan::resource_of(story_.choices.workload); }
  std::string text() const { return story_.text() + (calm_ ? ", calm" : ""); }

  bool fail(std::string what) {
    if (!problem_) problem_ = std::move(what);
    return false;
  }
  bool put(const api::Resource& resource, const Value& object) {
    const auto applied = world_.apply(resource, object);
    if (applied) return true;
    return fail(fmt::format("the user could not apply {}: {}", resource.kind, applied.error().message));
  }
  bool patch(const api::Resource& resource, std::string space, std::string name, Value body) {
    const auto done = world_.call({.verb = client::Verb::Patch,
                                   .resource = resource,
                                   .space = std::move(space),
                                   .name = std::move(name),
                                   .body = std::move(body),
                                   .field_manager = "user"});
    return done || fail(fmt::format("the user could not patch {}: {}", resource.kind, done.error().message));
  }
  // Gone already is as good.
  void remove(const api::Resource& resource, const std::string& space, const std::string& name) {
    (void)world_.call({.verb = client::Verb::Delete, .resource = resource, .space = space, .name = name});
  }
  delivery::State state() { return delivery::read_state(world_.get(api::kReleases, kSpace, kName)["status"]); }
  Expectation expected() {
    return {story_, calm_ && !aborted_after_halt_, metrics_lie_, abort_stands(), approved_unseen_, undone_to()};
  }

  bool wait(base::Duration limit, const std::function<std::string()>& awaited) {
    const bool reached = world_.run_until([&] { return awaited().empty(); }, limit);
    if (reached || world_.violation()) return reached;
    return fail(fmt::format("after {}, still waiting for {}", base::format_duration(limit), awaited()));
  }

  bool begin() {
    const app::Choices& c = story_.choices;
    return put(api::kNamespaces, app::name_space()) && let_previews_in(!let_in_late_) &&
           put(api::kServices, app::service()) && put_router(c.router) &&
           put(api::kAnalysisTemplates, app::analysis_template(c.router)) && put_config(story_.first.name) &&
           put(workload(), app::workload(c, story_.first)) && put_cohorts(false) &&
           (c.manner == Manner::Plain || put(api::kReleases, app::release(c))) &&
           wait(kStartLimit, [this] { return awaited(world_.truth(), expected_at_start()); }) && come_to_copies();
  }
  bool put_config(std::string_view mode) {
    return !story_.choices.config || put(api::kConfigMaps, app::config_map(mode));
  }
  // The first version is released once more, with a copy of its ConfigMap; unless faults are in the way for too long.
  bool come_to_copies() {
    const auto there = [this] {
      const delivery::State s = state();
      return s.phase == Phase::Idle && s.stable && !s.stable->config.empty();
    };
    for (int minute = 0; story_.choices.config && minute < 5 && !there(); ++minute) {
      if (state().phase == Phase::Paused && !command(delivery::Verb::PromoteFull)) return false;
      world_.run_until(there, base::minutes(1));
    }
    return !world_.violation();
  }
  // What is written into the ConfigMap before it is as it shall be; and sometimes a copy is deleted.
  bool edit_config(const app::Version& version) {
    if (!story_.choices.config) return true;
    if (choices_.below(3) == 0)
      if (!put_config(version.name + "-draft") || !rest(base::milliseconds(500) * choices_.below(40))) return false;
    std::vector<std::string> copies;
    for (const Value& object : world_.truth().list(api::kConfigMaps, kSpace))
      if (object["immutable"].as_bool()) copies.emplace_back(api::name_of(object));
    if (!copies.empty() && choices_.below(4) == 0)
      remove(api::kConfigMaps, kSpace, copies[choices_.below(copies.size())]);
    return put_config(version.name);
  }
  bool put_cohorts(bool narrower) {
    if (!story_.choices.gray && !story_.choices.ab_test) return true;
    return std::ranges::all_of(app::cohorts(story_.choices.router, narrower),
                               [this](const Value& cohort) { return put(api::kCohorts, cohort); });
  }
  bool put_router(Router router) {
    return std::ranges::all_of(app::router_objects(router),
                               [this](const app::Applied& a) { return put(a.resource, a.object); });
  }
  // Nobody has deleted the Release yet.
  Expectation expected_at_start() {
    start_story_ = {.choices = story_.choices};
    return {start_story_, calm_};
  }

  bool act() {
    if (!ask_for(story_.second)) return false;
    if (let_in_late_ && !(rest(base::seconds(40)) && let_previews_in(true))) return false;
    for (const Act& act : story_.acts) {
      if (!come_to(act) || !perform(act)) return false;
    }
    world_.run_for(kFaultTime);
    world_.stop_faults();
    return !world_.violation();
  }

  // The time until this act; with windows, they are closed for its first half.
  bool come_to(const Act& act) {
    if (!options_.windows) return rest(act.after);
    return close(true) && rest(act.after / 2) && close(false) && rest(act.after / 2);
  }

  bool ask_for(const app::Version& version) {
    if (story_.choices.ab_test && !set_variant(Value())) return false;
    previous_ = current_.name.empty() ? story_.first : current_;
    current_ = version;
    app::Choices now = story_.choices;
    now.replicas = world_.get(workload(), kSpace, kName)["spec"]["replicas"].as_int(1);
    if (!edit_config(version)) return false;
    return put(workload(), app::workload(now, version));
  }

  bool set_variant(Value name) {
    const Value annotations = Value::object({{app::kVariant, std::move(name)}});
    const Value pods = Value::object({{"metadata", Value::object({{"annotations", annotations}})}});
    return patch(api::kDeployments, kSpace, kName, Value::object({{"spec", Value::object({{"template", pods}})}}));
  }
  // As long as there is one to choose.
  bool choose_variant() {
    const delivery::State s = state();
    if (s.variants.empty() || s.retreat) return true;
    approved_unseen_ = true;
    return set_variant("red");
  }

  // A moment later, wherever the winner has come to by then.
  bool change_mind() {
    if (!rest(base::milliseconds(100) * static_cast<std::int64_t>(choices_.below(100)))) return false;
    const delivery::State s = state();
    return s.variants.empty() || s.retreat ? true : choose_other_variant();
  }

  // The one that the Deployment does not ask for.
  bool choose_other_variant() {
    const Value deployment = world_.get(api::kDeployments, kSpace, kName);
    const bool is_red = deployment["spec"]["template"]["metadata"]["annotations"][app::kVariant].as_string() == "red";
    approved_unseen_ = true;
    return set_variant(is_red ? Value() : Value("red"));
  }

  bool perform(const Act& act) {
    switch (act.deed) {
      case Deed::NewerVersion:
        return ask_for(act.version);
      case Deed::Revert:
        return ask_for(previous_);
      case Deed::Scale:
        if (story_.choices.workload == WorkloadKind::DaemonSet) return true;  // its nodes are what it has
        return patch(workload(), kSpace, kName, Value::object({{"spec", Value::object({{"replicas", act.number}})}}));
      case Deed::Pause:
        if (story_.choices.preview) return let_previews_in(false) && rest(act.lasts) && let_previews_in(true);
        return options_.windows ? close(true) && rest(act.lasts) && close(false)
                                : pause(true) && rest(act.lasts) && pause(false);
      case Deed::DeletePods:
        return delete_pods(act.number);
      case Deed::DeleteCandidateSet:
        return delete_candidate_set();
      case Deed::Cordon:
        return cordon(true) && rest(act.lasts) && cordon(false);
      case Deed::Abort:
        if (const auto candidate = state().candidate) aborted_ = app::tag_of_images(candidate->images);
        return command(delivery::Verb::Abort);
      case Deed::Promote:
        approved_unseen_ = true;
        return command(delivery::Verb::Promote);
      case Deed::PromoteFull:
        approved_unseen_ = true;
        return command(delivery::Verb::PromoteFull);
      case Deed::Undo:
        return command(delivery::Verb::Undo);
      case Deed::Back:
        return command(delivery::Verb::Back);
      case Deed::EditCohort:
        return put_cohorts(true);
      case Deed::ChooseVariant:
        return choose_variant() && (choices_.below(3) > 0 || change_mind());
      case Deed::DeleteRelease:
        remove(api::kReleases, kSpace, kName);
        return true;
    }
    return fail("an unknown deed");
  }

  bool rest(base::Duration span) {
    world_.run_for(span);
    return !world_.violation();
  }
  bool pause(bool on) {
    const bool plain = story_.choices.manner == Manner::Plain;
    if (plain && story_.choices.in_place()) return true;  // such a workload has no pause
    return patch(plain ? api::kDeployments : api::kReleases, kSpace, kName, delivery::pause_patch(on));
  }
  // A window that denies, for longer than any story; or none.
  bool close(bool on) {
    if (world_.get(api::kReleases, kSpace, kName).is_null()) return true;
    Value windows = Value::array();
    if (on)
      windows.push_back(
          Value::object({{"kind", "Deny"}, {"start", "1900-01-01T00:00:00Z"}, {"end", "2200-01-01T00:00:00Z"}}));
    return patch(api::kReleases, kSpace, kName,
                 Value::object({{"spec", Value::object({{"windows", std::move(windows)}})}}));
  }
  bool cordon(bool on) {
    return patch(api::kNodes, "", "node-1",
                 Value::object({{"spec", Value::object({{"unschedulable", on ? Value(true) : Value()}})}}));
  }
  bool command(delivery::Verb verb) {
    return patch(api::kReleases, kSpace, kName,
                 delivery::command_patch({.id = std::to_string(++commands_), .verb = verb, .by = "alice"}));
  }
  // Of the namespace of previews.
  bool let_previews_in(bool on) { return !story_.choices.preview || put(api::kNamespaces, app::preview_space(on)); }
  // Where this story has pods and sets.
  std::string spaces() const { return story_.choices.preview ? "" : kSpace; }
  bool delete_pods(std::int64_t count) {
    std::vector<Value> pods = world_.truth().list(api::kPods, spaces());
    for (; count > 0 && !pods.empty(); --count) {
      const std::size_t chosen = choices_.below(pods.size());
      remove(api::kPods, std::string(api::space_of(pods[chosen])), std::string(api::name_of(pods[chosen])));
      pods.erase(pods.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    return true;
  }
  // The set of what the Deployment asks for; none when that is the stable one.
  bool delete_candidate_set() {
    if (story_.choices.in_place()) return delete_pods(1);
    const std::string wanted = app::tag_of(world_.get(api::kDeployments, kSpace, kName));
    const auto stable = state().stable;
    if (story_.choices.blue_green && stable && choices_.below(2) == 0)
      return delete_sets(app::tag_of_images(stable->images));
    if (stable && stable->images.ends_with(":" + wanted)) return true;
    return delete_sets(wanted);
  }
  bool delete_sets(const std::string& tag) {
    for (const Value& set : world_.truth().list(api::kReplicaSets, spaces()))
      if (app::tag_of(set) == tag)
        remove(api::kReplicaSets, std::string(api::space_of(set)), std::string(api::name_of(set)));
    return true;
  }
  // The command was accepted, and nobody has done anything since.
  bool last_was(Deed deed, std::string_view verb) {
    const delivery::CommandRecord last = state().command;
    return last.verb == verb && last.result.starts_with("accepted") && !story_.acts.empty() &&
           story_.acts.back().deed == deed;
  }
  bool abort_stands() {
    const std::string wanted = app::tag_of(world_.get(workload(), kSpace, kName));
    return last_was(Deed::Abort, "abort") && aborted_ == wanted;
  }
  // The version that an accepted undo has promised ("... the template of <ReplicaSet>").
  std::string undone_to() {
    if (!last_was(Deed::Undo, "undo")) return "";
    const std::string result = state().command.result;
    const std::string asked = result.substr(0, result.find(','));
    const std::string name = asked.substr(asked.rfind(' ') + 1);
    const Value set = world_.get(api::kReplicaSets, kSpace, name);
    if (set.is_object()) return app::tag_of(set);
    for (const Value& entry : state().history.items())  // with ConfigMaps, only the revision is kept
      if (name.ends_with("-" + entry["hash"].str())) return app::tag_of_images(entry["images"].str());
    return "";
  }

  // There is no test of a version against itself: a variant that was chosen is asked for again, or is the stable one.
  bool mend_test() {
    const bool is_stable = state().message.contains("the stable version");
    return set_variant(is_stable ? Value("red") : Value()) &&
           wait(kEndLimit, [&] { return state().phase != Phase::Invalid ? "" : "valid: " + state().message; });
  }

  bool candidate_is_stopped() {
    const delivery::State s = state();
    return std::ranges::any_of(s.variants, [&](const delivery::VariantState& v) {
      return v.stopped_at && s.candidate && v.hash == s.candidate->hash;
    });
  }

  // A hook is tried again, or done without; what else has failed has failed.
  delivery::Verb answer_to_halt(delivery::Cause cause) {
    if (cause != delivery::Cause::HookFailed) {
      aborted_after_halt_ = true;
      return delivery::Verb::Abort;
    }
    if (choices_.below(3) == 0) return delivery::Verb::Retry;
    approved_unseen_ = true;
    return delivery::Verb::Promote;
  }
  // Heard, too.
  bool say(delivery::Verb verb) {
    if (!command(verb)) return false;
    const std::string id = std::to_string(commands_);
    return wait(kEndLimit, [&] { return state().command.id == id ? "" : "the command to be heard"; });
  }

  // A person answers where the plan waits for one.
  bool finish() {
    while (true) {
      const bool there =
          wait(kEndLimit, [this] { return waits_for_a_person() ? "" : awaited(world_.truth(), expected()); });
      if (!there) return false;
      if (!waits_for_a_person()) return true;
      if (state().phase == Phase::Invalid) {
        if (!mend_test()) return false;
        continue;
      }
      if (candidate_is_stopped()) {  // the other one is left
        if (!choose_other_variant() ||
            !wait(kEndLimit, [&] { return candidate_is_stopped() ? "the choice to be seen" : ""; }))
          return false;
        continue;
      }
      if (const auto halt = state().halt) {
        if (!say(answer_to_halt(halt->cause))) return false;
        continue;
      }
      // Of a test nothing but a guard has measured the version, and metrics that are not answered say nothing.
      approved_unseen_ = approved_unseen_ || (story_.choices.ab_test && !calm_);
      if (!say(delivery::Verb::Promote)) return false;
    }
  }
  bool waits_for_a_person() {
    const delivery::State s = state();
    if (story_.choices.ab_test && s.phase == Phase::Invalid) return true;
    return s.phase == Phase::Paused && !world_.get(api::kReleases, kSpace, kName)["spec"]["paused"].as_bool();
  }

  void check_end() {
    if (const std::string wrong = wrong_end(world_.truth(), expected()); !wrong.empty()) return void(fail(wrong));
    check_requests();
    if (!something_crashes()) check_quiet();
  }
  // Pods of such a version never come to rest.
  bool something_crashes() {
    return std::ranges::any_of(world_.truth().list(api::kPods, kSpace), [](const Value& pod) {
      return app::tag_of_images(pod["spec"]["containers"].at(0)["image"].str()).ends_with("-crashing");
    });
  }

  // In a world in which nothing goes wrong, and of good versions, no request is lost.
  void check_requests() {
    const auto good = [&](const app::Version& v) { return !v.name.ends_with("-crashing"); };
    bool harmless =
        calm_ && !story_.choices.in_place() && good(story_.second) && story_.choices.manner != Manner::Plain;
    for (const Act& a : story_.acts)
      harmless = harmless && good(a.version) && a.deed != Deed::Scale && a.deed != Deed::DeletePods &&
                 a.deed != Deed::DeleteCandidateSet;
    if (harmless && world_.gateway().not_served() > 0)
      fail(fmt::format("{} of {} requests found no pod to take them", world_.gateway().not_served(),
                       world_.gateway().requests()));
  }

  // Leases and other housekeeping are not watched: what is counted are pods, workloads, routes, releases and analyses.
  void check_quiet() {
    world_.run_for(kRest);
    world_.forget_writes();
    world_.run_for(kQuiet);
    if (world_.written().empty()) return;
    std::string what;
    for (const auto& [object, times] : world_.written()) what += fmt::format(" {} of {}", times, object);
    fail(fmt::format("not quiet in {} after the end: writes{}", base::format_duration(kQuiet), what));
  }

  runtime::sim::SeededRandom choices_;
  SeedOptions options_;
  bool let_in_late_ = false;  // the namespace of previews: only a while after the first one was wanted
  Story story_, start_story_;
  bool calm_ = false;
  bool metrics_lie_ = false;
  bool approved_unseen_ = false, aborted_after_halt_ = false;
  World world_;
  app::Version current_, previous_;
  std::string aborted_;  // what was being released when the user said abort
  int commands_ = 0;
  std::optional<std::string> problem_;
};

}  // namespace

SeedResult run_seed(std::uint64_t seed, const SeedOptions& options) { return Player(seed, options).run(); }

}  // namespace slipway::rehearse
