// The life of a pod under random histories: what must hold after every step, whatever happens in whatever order.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <csignal>

#include "data/json.h"
#include "node/lifecycle/decide.h"
#include "node/lifecycle/environment.h"
#include "node/lifecycle/field_ref.h"
#include "node/lifecycle/spec.h"
#include "node/lifecycle/status.h"

namespace slipway::node::lifecycle {
namespace {

using data::Value;

Value parse(const std::string& json) { return *data::parse_json(json); }

constexpr const char* kPod = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"u1"},
 "spec":{"restartPolicy":"Always","terminationGracePeriodSeconds":5,
  "initContainers":[{"name":"init"},{"name":"side","restartPolicy":"Always"}],
  "containers":[{"name":"web","startupProbe":{"periodSeconds":1,"failureThreshold":3},"readinessProbe":{"periodSeconds":1},
                 "livenessProbe":{"periodSeconds":2,"failureThreshold":1},
     "lifecycle":{"preStop":{"sleep":{"seconds":1}},"postStart":{"exec":{}}}},
                {"name":"log"}]}})";

// A world that answers what was asked, when the history says so, and checks every step.
class World {
 public:
  explicit World(std::string policy) {
    pod_ = parse(kPod);
    pod_.set({"spec", "restartPolicy"}, policy);
  }

  void step() {
    Step step = decide(pod_, record_, clock_);
    const Step again = decide(pod_, step.record, clock_);
    RC_ASSERT(again.actions.empty());                           // asked once
    RC_ASSERT(again.record == step.record);                     // and settled
    RC_ASSERT(!again.wake_at || *again.wake_at > clock_.mono);  // never a busy loop
    record_ = step.record;
    wake_at_ = again.wake_at;
    for (const Action& action : step.actions) std::visit([&](const auto& a) { asked(a); }, action);
    check_counts();
  }

  void advance(base::Duration d) {
    clock_.now += d;
    clock_.mono += d;
  }
  bool sleep_until_wake() {
    if (!wake_at_) return false;
    advance(*wake_at_ - clock_.mono);
    return true;
  }
  void request_deletion() {
    if (pod_["metadata"].has("deletionTimestamp")) return;
    pod_.set({"metadata", "deletionTimestamp"}, base::format_time(clock_.now + base::seconds(5)));
    pod_.set({"metadata", "deletionGracePeriodSeconds"}, 5);
    deleted_at_ = clock_.mono;
  }
  void vanish() { record_.gone = true; }

  // One open question is answered, well or badly.
  bool answer(std::size_t which, bool well) {
    if (open_.empty()) return false;
    const auto it = open_.begin() + static_cast<long>(which % open_.size());
    auto reply = std::move(*it);
    open_.erase(it);
    reply(well);
    return true;
  }
  void end_one(std::size_t which, int code, int signal = 0) {
    if (running_.empty()) return;
    const auto it = std::next(running_.begin(), static_cast<long>(which % running_.size()));
    const ContainerKey key = *it;
    running_.erase(it);
    note_ended(record_,
               {.key = key,
                .started = clock_.now,
                .ended = clock_.now,
                .exit_code = signal != 0 ? 128 + signal : code,
                .signal = signal},
               clock_);
  }
  bool finished() const { return finished_; }
  bool anything_runs() const { return !running_.empty(); }
  base::Duration since_deletion() const { return clock_.mono - deleted_at_; }
  const PodRecord& record() const { return record_; }
  const Value& pod() const { return pod_; }

 private:
  void later(std::function<void(bool)> reply) { open_.push_back(std::move(reply)); }

  void asked(const Prepare&) {
    RC_ASSERT(!record_.prepared);
    later([this](bool well) {
      well ? note_prepared(record_) : note_prepare_failed(record_, "ContainerCreating", "no", clock_);
    });
  }
  void asked(const Start& s) {
    RC_ASSERT(record_.prepared);
    RC_ASSERT(record_.end == PodRecord::End::No);
    const ContainerKey key{"u1", s.container, s.attempt};
    RC_ASSERT(started_.insert(key).second || retried_.contains(key));  // no run twice
    for (const ContainerKey& r : running_) RC_ASSERT(r.container != s.container);
    later([this, key](bool well) {
      if (!well) {
        retried_.insert(key);
        return note_not_startable(record_, key.container, "ErrImageNotFound", "no", clock_);
      }
      running_.insert(key);
      const bool hook = !lifecycle::container_spec(pod_, key.container)["lifecycle"]["postStart"].is_null();
      note_started(record_, {.key = key, .running = true, .started = clock_.now}, {}, hook, clock_);
    });
  }
  void asked(const Signal& s) {
    if (s.signal == SIGKILL) kills_.insert(s.key);
    if (!running_.contains(s.key)) return;
    if (s.signal == SIGKILL) {
      later([this, key = s.key](bool) {
        if (running_.erase(key) > 0)
          note_ended(record_, {.key = key, .started = clock_.now, .ended = clock_.now, .exit_code = 137, .signal = 9},
                     clock_);
      });
    }
  }
  void asked(const Check& c) {
    RC_ASSERT(record_.end == PodRecord::End::No);
    RC_ASSERT(running_.contains(c.key));
    if (c.kind != ProbeKind::Startup) RC_ASSERT(record_.containers.at(c.key.container).started);
    later([this, c](bool well) { note_check(record_, pod_, c.key, c.kind, {well, "no"}, clock_); });
  }
  void asked(const PostStart& h) {
    later([this, h](bool well) { note_post_start(record_, h.key, well); });
  }
  void asked(const PreStop& h) {
    later([this, h](bool) { note_pre_stop(record_, h.key); });
  }
  void asked(const Drain&) {
    later([this](bool) { record_.drained = true; });
  }
  void asked(const Remove&) {
    RC_ASSERT(running_.empty());  // the sandbox goes last
    later([this](bool) { record_.removed = true; });
  }
  void asked(const Finish&) {
    RC_ASSERT(running_.empty());
    RC_ASSERT(!finished_);
    finished_ = true;
  }
  void asked(const Forget& f) { RC_ASSERT(!running_.contains(f.key)); }
  void asked(const Tell&) {}

  void check_counts() {
    for (const Value& s : record_.status["containerStatuses"].items()) {
      const std::string name = s["name"].str();
      RC_ASSERT(s["restartCount"].as_int() >= restarts_[name]);  // never falls
      restarts_[name] = s["restartCount"].as_int();
      if (s["ready"].as_bool()) RC_ASSERT(s["state"].has("running"));
      RC_ASSERT(s["state"].size() == 1u);
    }
    const bool all_ready = [&] {
      for (const Value& s : record_.status["containerStatuses"].items())
        if (!s["ready"].as_bool()) return false;
      return true;
    }();
    for (const Value& c : record_.status["conditions"].items())
      if (c["type"].as_string() == "Ready" && c["status"].as_string() == "True") RC_ASSERT(all_ready);
  }

  Value pod_;
  PodRecord record_;
  Clock clock_{base::Time(base::seconds(1'700'000'000)), base::MonoTime(base::seconds(1000))};
  std::optional<base::MonoTime> wake_at_;
  std::vector<std::function<void(bool)>> open_;
  std::set<ContainerKey> started_, retried_, running_, kills_;
  std::map<std::string, std::int64_t> restarts_;
  base::MonoTime deleted_at_{};
  bool finished_ = false;
};

enum class Event { AnswerWell, AnswerBadly, EndWell, EndBadly, Wait, Wake };

void happen(World& world, Event event, std::size_t which) {
  switch (event) {
    case Event::AnswerWell:
      world.answer(which, true);
      break;
    case Event::AnswerBadly:
      world.answer(which, false);
      break;
    case Event::EndWell:
      world.end_one(which, 0);
      break;
    case Event::EndBadly:
      world.end_one(which, 1);
      break;
    case Event::Wait:
      world.advance(base::milliseconds(100 * (which % 50)));
      break;
    case Event::Wake:
      world.sleep_until_wake();
      break;
  }
  world.step();
}

void random_history(World& world, int length) {
  world.step();
  for (int i = 0; i < length; ++i)
    happen(world,
           *rc::gen::weightedElement<Event>({{6, Event::AnswerWell},
                                             {1, Event::AnswerBadly},
                                             {1, Event::EndWell},
                                             {1, Event::EndBadly},
                                             {1, Event::Wait},
                                             {3, Event::Wake}}),
           *rc::gen::inRange<std::size_t>(0, 100));
}

RC_GTEST_PROP(Lifecycle, EveryStepIsSafeAndDeletionEnds, ()) {
  World world(*rc::gen::element<std::string>("Always", "OnFailure", "Never"));
  random_history(world, *rc::gen::inRange(0, 60));
  const bool forced = *rc::gen::inRange(0, 4) == 0;
  forced ? world.vanish() : world.request_deletion();
  // From here on everything is answered, and nothing ends by itself: SIGKILL must get it.
  for (int i = 0; i < 200 && world.record().end != PodRecord::End::Deleting; ++i) {
    world.step();
    if (!world.answer(0, true) && !world.sleep_until_wake()) break;
  }
  world.step();
  RC_ASSERT(world.record().end == PodRecord::End::Deleting);
  RC_ASSERT(!world.anything_runs());
  RC_ASSERT(world.finished() == !forced);
  if (!forced) RC_ASSERT(world.since_deletion() <= base::seconds(9));  // 5 s grace, 2 s after preStop, and fractions
}

RC_GTEST_PROP(Lifecycle, AHealthyPodBecomesReadyWhateverCameBefore, ()) {
  World world("Always");
  random_history(world, *rc::gen::inRange(0, 60));
  // From here on all goes well; init containers end when they run.
  for (int i = 0; i < 400; ++i) {
    world.step();
    const auto init = world.record().containers.find("init");
    if (init != world.record().containers.end() && init->second.phase == ContainerRecord::Phase::Running)
      world.end_one(0, 0);
    else if (!world.answer(0, true) && !world.sleep_until_wake())
      break;
  }
  bool ready = false;
  for (const Value& c : world.record().status["conditions"].items())
    ready = ready || (c["type"].as_string() == "Ready" && c["status"].as_string() == "True");
  if (!ready) RC_LOG() << data::to_json(world.record().status);
  RC_ASSERT(ready);
}

Lookup lookup_of(const Value& config_map, const Value& secret) {
  return {.config_map = [config_map](std::string_view name) -> const Value& {
            return name == "conf" ? config_map : data::kNull;
          },
          .secret = [secret](std::string_view name) -> const Value& { return name == "sec" ? secret : data::kNull; },
          .pod_ip = "10.244.0.9",
          .host_ip = "127.0.0.1",
          .node_cpu_millis = 2000,
          .node_memory = 1 << 30};
}

std::string value_in(const Environment& env, const std::string& name) {
  for (const auto& [key, value] : env)
    if (key == name) return value;
  return "(absent)";
}

TEST(Environment, ComesInOrderAndExpands) {
  const Value pod =
      parse(R"({"metadata":{"name":"web","namespace":"shop","labels":{"app":"x"}},"spec":{"nodeName":"n1"}})");
  const Value container = parse(R"json({"env":[{"name":"A","value":"1"},{"name":"B","value":"$(A)-$(NONE)-$$(A)"},
    {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
     {"name":"L","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
    {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
     {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
    {"name":"S","valueFrom":{"secretKeyRef":{"name":"sec","key":"p"}}},
     {"name":"O","valueFrom":{"configMapKeyRef":{"name":"conf","key":"none","optional":true}}},
    {"name":"A","value":"2"}],
    "envFrom":[{"prefix":"C_","configMapRef":{"name":"conf"}}],"resources":{"limits":{"cpu":"1500m"}}})json");
  Lookup lookup = lookup_of(parse(R"({"kind":"ConfigMap","data":{"k":"v","bad key":"x"}})"),
                            parse(R"({"kind":"Secret","data":{"p":"aGk="}})"));
  lookup.services = {
      parse(R"({"metadata":{"name":"web-api"},"spec":{"clusterIP":"10.96.0.7","ports":[{"name":"http","port":80}]}})")};
  const auto env = environment_of(pod, container, {.env = {{"PATH", "/bin"}}}, lookup);
  ASSERT_TRUE(env);
  EXPECT_EQ(value_in(*env, "B"), "1-$(NONE)-$(A)");
  EXPECT_EQ(value_in(*env, "A"), "2");
  EXPECT_EQ(value_in(*env, "IP"), "10.244.0.9");
  EXPECT_EQ(value_in(*env, "L"), "x");
  EXPECT_EQ(value_in(*env, "CPU"), "2");
  EXPECT_EQ(value_in(*env, "MEM"), "1024");
  EXPECT_EQ(value_in(*env, "S"), "hi");
  EXPECT_EQ(value_in(*env, "O"), "(absent)");
  EXPECT_EQ(value_in(*env, "C_k"), "v");
  EXPECT_EQ(value_in(*env, "PATH"), "/bin");
  EXPECT_EQ(value_in(*env, "WEB_API_SERVICE_HOST"), "10.96.0.7");
  EXPECT_EQ(value_in(*env, "WEB_API_SERVICE_PORT_HTTP"), "80");
  EXPECT_EQ(value_in(*env, "WEB_API_PORT"), "tcp://10.96.0.7:80");
  EXPECT_EQ(value_in(*env, "HOSTNAME"), "web");
}

TEST(Environment, SaysWhatIsMissing) {
  const Lookup lookup = lookup_of(parse(R"({"kind":"ConfigMap","data":{"k":"v"}})"), Value());
  const Value pod = parse(R"({"metadata":{"name":"web","namespace":"shop"}})");
  const auto missing = [&](const char* from) {
    const auto env =
        environment_of(pod, parse(R"({"env":[{"name":"A","valueFrom":)" + std::string(from) + "}]}"), {}, lookup);
    return env ? "" : env.error().message;
  };
  EXPECT_EQ(missing(R"({"configMapKeyRef":{"name":"conf","key":"z"}})"), "couldn't find key z in configmap shop/conf");
  EXPECT_EQ(missing(R"({"secretKeyRef":{"name":"sec","key":"z"}})"), "secret \"sec\" not found");
}

TEST(Volumes, AClaimIsAFolderOnceItIsBound) {
  Value claim;
  const Lookup lookup = {
      .claim = [&](std::string_view name) -> const Value& { return name == "c" ? claim : data::kNull; }};
  const Value volume = parse(R"({"name":"data","persistentVolumeClaim":{"claimName":"c"}})");
  EXPECT_EQ(volume_of(Value(), volume, lookup).error().message, "volume data: persistentvolumeclaim \"c\" not found");
  claim = parse(R"({"metadata":{"name":"c"},"spec":{"volumeName":"pvc-1"},"status":{"phase":"Pending"}})");
  EXPECT_EQ(volume_of(Value(), volume, lookup).error().message,
            "volume data: persistentvolumeclaim \"c\" has no volume yet");
  claim.set({"status", "phase"}, "Bound");
  const auto found = volume_of(Value(), volume, lookup);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kept, "pvc-1");
  const Value pod = parse(R"({"spec":{"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"c"}},
    {"name":"shown","persistentVolumeClaim":{"claimName":"c","readOnly":true}},{"name":"e","emptyDir":{}},
    {"name":"conf","configMap":{"name":"c"}}]}})");
  EXPECT_TRUE(is_writable(pod, "data"));
  EXPECT_FALSE(is_writable(pod, "shown"));
  EXPECT_TRUE(is_writable(pod, "e"));
  EXPECT_FALSE(is_writable(pod, "conf"));
  EXPECT_TRUE(names_object(pod, "PersistentVolumeClaim", "c"));
}

TEST(Volumes, FilesOfAllSources) {
  const Lookup lookup = lookup_of(parse(R"({"kind":"ConfigMap","data":{"a":"1","b":"2"}})"),
                                  parse(R"({"kind":"Secret","data":{"p":"aGk="}})"));
  const Value pod = parse(R"({"metadata":{"name":"web","labels":{"app":"x"}}})");
  const auto volume = volume_of(
      pod,
      parse(
          R"({"name":"all","projected":{"defaultMode":288,"sources":[{"configMap":{"name":"conf","items":[{"key":"a","path":"x/a"}]}},
    {"secret":{"name":"sec"}},{"downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}}]}})"),
      lookup);
  ASSERT_TRUE(volume) << volume.error().message;
  EXPECT_EQ(volume->files,
            (std::vector<VolumeFile>{{"labels", "app=\"x\"", 0440}, {"p", "hi", 0440}, {"x/a", "1", 0440}}));
  EXPECT_EQ(volume_of(pod, parse(R"({"name":"v","configMap":{"name":"none"}})"), lookup).error().code,
            base::Code::NotFound);
  EXPECT_TRUE(
      volume_of(pod, parse(R"({"name":"v","configMap":{"name":"none","optional":true}})"), lookup)->files.empty());
  EXPECT_EQ(volume_of(pod, parse(R"({"name":"v","hostPath":{"path":"/etc"}})"), lookup).error().code,
            base::Code::Invalid);
  EXPECT_FALSE(
      volume_of(pod, parse(R"({"name":"v","configMap":{"name":"conf","items":[{"key":"a","path":"../x"}]}})"), lookup));
}

TEST(Status, Qos) {
  const auto pod = [](const char* resources) {
    return parse(R"({"spec":{"containers":[{"resources":)" + std::string(resources) + "}]}}");
  };
  EXPECT_EQ(qos_class(pod("{}")), "BestEffort");
  EXPECT_EQ(qos_class(pod(R"({"requests":{"cpu":"1"}})")), "Burstable");
  EXPECT_EQ(qos_class(pod(R"({"limits":{"cpu":"1","memory":"1Gi"}})")), "Guaranteed");
  EXPECT_EQ(qos_class(pod(R"({"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}})")), "Burstable");
}

// What was well when it was last seen was ended from outside (the machine, or `slipway down`); what had crashed goes on
// waiting.
TEST(Lifecycle, a_container_that_ended_while_nobody_looked_starts_again_at_once) {
  Value pod = parse(R"({"metadata":{"name":"web","uid":"u1"},"spec":{"containers":[{"name":"web"}]}})");
  const Clock clock{.now = *base::parse_time("2026-11-30T12:00:00Z"), .mono = base::MonoTime(base::hours(5))};
  ContainerState ended{.key = {"u1", "web", 3}, .running = false};
  ended.started = clock.now - base::minutes(2);
  ended.ended = clock.now - base::minutes(1);
  const auto backoff = [&](const char* state, std::vector<ContainerState> found) {
    Value status = parse(R"({"name":"web","restartCount":3})");
    status.set("state", parse(state));
    pod.set({"status", "containerStatuses"}, Value::array({status}));
    return adopt(pod, found, false, clock).containers.at("web").backoff;
  };
  constexpr const char* kRunning = R"({"running":{"startedAt":"2026-11-30T11:58:00Z"}})";
  constexpr const char* kCrashed = R"({"waiting":{"reason":"CrashLoopBackOff"}})";
  EXPECT_EQ(backoff(kRunning, {ended}), base::Duration(0));
  EXPECT_EQ(backoff(kRunning, {}), base::Duration(0)) << "and the runtime knows nothing of it";
  EXPECT_EQ(backoff(kCrashed, {ended}), base::seconds(40));
  ended.key.attempt = 4;
  EXPECT_EQ(backoff(kCrashed, {ended}), base::Duration(0)) << "a run that the status does not tell of yet";
}

}  // namespace
}  // namespace slipway::node::lifecycle
