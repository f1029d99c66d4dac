#include "node/pod_worker.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "data/quantity.h"
#include "node/lifecycle/handlers.h"
#include "node/lifecycle/spec.h"
#include "node/lifecycle/status.h"

namespace slipway::node {

using base::Code;
using base::Result;
using data::Value;
using lifecycle::ContainerRecord;
using lifecycle::ProbeKind;

namespace {

constexpr base::Duration kAskAgain = base::milliseconds(500);  // after an answer was lost
constexpr base::Duration kLongestPostStart = base::minutes(5);

std::int64_t version_number(const Value& object) { return base::parse_int(api::version_of(object)).value_or(0); }

std::uint64_t limit_of(const Value& container, const char* resource, bool milli) {
  const Value& limit = container["resources"]["limits"][resource];
  const auto q = limit.is_null() ? data::Quantity() : data::Quantity::from_value(limit).value_or(data::Quantity());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(milli ? q.milli() : q.value(), 0));
}

// -1 stands for an explicit root.
std::int64_t run_as_of(const Value& pod, const Value& container) {
  const Value& own = container["securityContext"]["runAsUser"];
  const Value& user = own.is_int() ? own : pod["spec"]["securityContext"]["runAsUser"];
  if (!user.is_int()) return 0;
  return user.as_int() == 0 ? -1 : user.as_int();
}

std::string reason_for(const base::Error& error) {
  switch (error.code) {
    case Code::NotFound:
      return "ErrImageNotFound";
    case Code::Forbidden:
      return "ErrImageForbidden";
    default:
      return "InvalidImageName";
  }
}

}  // namespace

PodWorker::PodWorker(const WorkerTools& tools, Value pod, lifecycle::PodRecord record)
    : tools_(tools), pod_(std::move(pod)), record_(std::move(record)) {}

Sandbox PodWorker::sandbox() const {
  return {std::string(api::uid_of(pod_)), std::string(api::space_of(pod_)), std::string(api::name_of(pod_)),
          pod_["spec"]["hostname"].str(api::name_of(pod_)), record_.ip};
}

void PodWorker::update(Value pod) {
  const bool fields =
      api::labels_of(pod) != api::labels_of(pod_) || pod["metadata"]["annotations"] != pod_["metadata"]["annotations"];
  pod_ = std::move(pod);
  if (fields) refresh_volumes();
  poke();
}

void PodWorker::gone() {
  record_.gone = true;
  poke();
}

// What could not be prepared or started for want of an object may work now.
void PodWorker::objects_changed() {
  record_.prepare_at = {};
  for (auto& [name, c] : record_.containers)
    if (c.phase == ContainerRecord::Phase::Waiting && c.waiting_reason == "CreateContainerConfigError") c.start_at = {};
  refresh_volumes();
  poke();
}

void PodWorker::ended(const ContainerState& state) {
  note_ended(record_, state, clock());
  poke();
}

void PodWorker::poke() {
  if (std::exchange(poked_, true)) return;
  tools_.loop.post([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->step();
  });
}

void PodWorker::step() {
  poked_ = false;
  lifecycle::Step step = decide(pod_, std::move(record_), clock(), tools_.limits);
  record_ = std::move(step.record);
  wake_.cancel();
  if (step.wake_at) wake_ = tools_.loop.after(*step.wake_at - tools_.loop.mono(), [this] { poke(); });
  for (const auto& action : step.actions) perform(action);
  if (record_.gone && record_.end == lifecycle::PodRecord::End::Deleting)
    return tools_.finished(std::string(api::uid_of(pod_)));
  write_status();
}

void PodWorker::perform(const lifecycle::Action& action) {
  std::visit([this](const auto& a) { perform_one(a); }, action);
}

void PodWorker::later(base::Duration delay, std::function<void()> task) {
  const std::uint64_t id = ++timers_set_;
  timers_[id] = tools_.loop.after(delay, [this, id, task = std::move(task)] {
    const auto ours = timers_.extract(id);
    task();
  });
}

void PodWorker::tell(bool warning, const std::string& reason, const std::string& message) {
  using Kind = control::Note::Kind;
  tools_.events.record("kubelet", pod_,
                       {.kind = warning ? Kind::Warning : Kind::Normal, .reason = reason, .message = message});
}

void PodWorker::perform_one(const lifecycle::Tell& t) { tell(t.warning, t.reason, t.message); }

// --- preparing -------------------------------------------------------------------------------------------------------

Result<std::vector<Volume>> PodWorker::volumes() const {
  std::vector<Volume> out;
  lifecycle::Lookup lookup = tools_.lookup(pod_);
  lookup.pod_ip = record_.ip;
  for (const Value& v : pod_["spec"]["volumes"].items()) {
    auto volume = volume_of(pod_, v, lookup);
    if (!volume) return base::fail(volume.error());
    out.push_back(std::move(*volume));
  }
  return out;
}

void PodWorker::perform_one(const lifecycle::Prepare&) {
  if (record_.ip.empty()) record_.ip = tools_.allocate().value_or("");
  auto all = record_.ip.empty() ? Result<std::vector<Volume>>(base::fail(Code::Unavailable, "no free pod address"))
                                : volumes();
  if (!all) {
    tell(true, "FailedMount", all.error().message);
    note_prepare_failed(record_, "ContainerCreating", all.error().message, clock());
    return poke();
  }
  tools_.runtime.make_sandbox(sandbox(), noting([all = std::move(*all)](PodWorker& self, Result<bool> made) mutable {
                                if (made) return self.put_volumes(std::move(all), 0);
                                self.tell(true, "FailedCreatePodSandBox", made.error().message);
                                note_prepare_failed(self.record_, "ContainerCreating", made.error().message,
                                                    self.clock());
                              }));
}

void PodWorker::put_volumes(std::vector<Volume> all, std::size_t next) {
  if (next == all.size()) return note_prepared(record_);
  Volume volume = all[next];
  tools_.runtime.put_volume(sandbox(), volume,
                            noting([all = std::move(all), next](PodWorker& self, Result<bool> put) mutable {
                              if (put) {
                                self.shown_[all[next].name] = all[next];
                                return self.put_volumes(std::move(all), next + 1);
                              }
                              self.tell(true, "FailedMount", put.error().message);
                              note_prepare_failed(self.record_, "ContainerCreating", put.error().message, self.clock());
                            }));
}

// Live updates: what changed is published again; an object that has gone missing leaves the old files standing.
void PodWorker::refresh_volumes() {
  if (!record_.prepared || record_.end != lifecycle::PodRecord::End::No) return;
  auto all = volumes();
  if (!all) return;
  for (const Volume& v : *all) {
    if (v.scratch || !v.kept.empty() || shown_[v.name] == v) continue;
    tools_.runtime.put_volume(sandbox(), v, noting([v](PodWorker& self, Result<bool> put) {
                                if (put) self.shown_[v.name] = v;
                              }));
  }
}

// --- starting --------------------------------------------------------------------------------------------------------

Result<ContainerSpec> PodWorker::container_spec(const lifecycle::Start& start) {
  const Value& spec = lifecycle::container_spec(pod_, start.container);
  ContainerSpec c{.key = {std::string(api::uid_of(pod_)), start.container, start.attempt}, .sandbox = sandbox()};
  auto image = tools_.runtime.resolve(spec["image"].str());
  if (!image) return base::fail(image.error());
  c.image = std::move(*image);
  lifecycle::Lookup lookup = tools_.lookup(pod_);
  lookup.pod_ip = record_.ip;
  auto env = environment_of(pod_, spec, c.image, lookup);
  if (!env) return base::fail(Code::Conflict, env.error().message);  // the one code that `resolve` does not use
  c.env = std::move(*env);
  c.argv = lifecycle::argv_of(spec, c.image, c.env);
  c.cwd = spec["workingDir"].str();
  for (const Value& m : spec["volumeMounts"].items()) {
    const std::string sub =
        m.has("subPathExpr") ? lifecycle::expand(m["subPathExpr"].as_string(), c.env) : m["subPath"].str();
    c.mounts.push_back({m["name"].str(), m["mountPath"].str(), sub, m["readOnly"].as_bool()});
  }
  for (VolumeMount& m : c.mounts) m.read_only = m.read_only || !lifecycle::is_writable(pod_, m.volume);
  c.run_as = run_as_of(pod_, spec);
  c.memory_limit = limit_of(spec, "memory", false);
  c.cpu_millis = limit_of(spec, "cpu", true);
  c.termination_path = spec["terminationMessagePath"].str("/dev/termination-log");
  return c;
}

void PodWorker::not_startable(const std::string& container, std::string reason, const std::string& message) {
  tell(true, "Failed", "Error: " + reason + ": " + message);
  note_not_startable(record_, container, std::move(reason), message, clock());
  poke();
}

void PodWorker::perform_one(const lifecycle::Start& start) {
  auto spec = container_spec(start);
  if (!spec && spec.error().code == Code::Conflict)
    return not_startable(start.container, "CreateContainerConfigError", spec.error().message);
  if (!spec) return not_startable(start.container, reason_for(spec.error()), spec.error().message);
  if (spec->argv.empty())
    return not_startable(start.container, "CreateContainerError",
                         "no command: give one in the pod, or import the image with --entrypoint");
  const ContainerKey key = spec->key;
  const Image image = spec->image;
  tools_.runtime.start(std::move(*spec), noting([key, image](PodWorker& self, Result<ContainerState> state) {
                         self.started(key, image, std::move(state));
                       }));
}

void PodWorker::started(const ContainerKey& key, const Image& image, Result<ContainerState> state) {
  if (state) {
    const Value& spec = lifecycle::container_spec(pod_, key.container);
    note_started(record_, *state, image, !spec["lifecycle"]["postStart"].is_null(), clock());
    if (!state->running) note_ended(record_, *state, clock());
    return tell(false, "Started", "Started container " + key.container);
  }
  switch (state.error().code) {
    case Code::Unavailable:
    case Code::AlreadyExists:
      return find_out(key, image);  // it may run: the answer was lost, now or before
    case Code::Invalid:
      return not_startable(key.container, "CreateContainerError", state.error().message);
    default:
      break;
  }
  tell(true, "Failed", "Error: failed to start container \"" + key.container + "\": " + state.error().message);
  note_start_failed(record_, key, state.error().message, clock());
}

void PodWorker::find_out(const ContainerKey& key, const Image& image) {
  later(kAskAgain, [this, key, image] {
    tools_.runtime.list(noting([key, image](PodWorker& self, Result<PodRuntime::Everything> all) {
      if (!all) return self.find_out(key, image);
      for (const ContainerState& s : all->containers)
        if (s.key == key) return self.started(key, image, s);
      note_not_startable(self.record_, key.container, "CreateContainerError", "the start was lost", self.clock());
    }));
  });
}

// --- probes, hooks, signals ------------------------------------------------------------------------------------------

void PodWorker::run_handler(const ContainerKey& key, const Value& handler, base::Duration limit,
                            PodRuntime::Done<CheckResult> done) {
  auto h = lifecycle::handler_of(handler, lifecycle::container_spec(pod_, key.container), record_.ip);
  if (!h) return done(CheckResult{false, h.error().message});
  if (auto* exec = std::get_if<lifecycle::ExecCheck>(&*h))
    return tools_.runtime.check_exec(key, std::move(exec->argv), limit, std::move(done));
  if (auto* http = std::get_if<HttpCheck>(&*h))
    return tools_.runtime.check_http(key, std::move(*http), limit, std::move(done));
  if (auto* tcp = std::get_if<lifecycle::TcpCheck>(&*h))
    return tools_.runtime.check_tcp(key, tcp->ip, tcp->port, limit, std::move(done));
  auto kept = std::make_shared<PodRuntime::Done<CheckResult>>(std::move(done));
  later(std::min(std::get<lifecycle::SleepHook>(*h).length, limit), [kept] { (*kept)(CheckResult{true, ""}); });
}

void PodWorker::perform_one(const lifecycle::Check& check) {
  const Value& probe = lifecycle::probe_spec(lifecycle::container_spec(pod_, check.key.container), check.kind);
  run_handler(check.key, probe, lifecycle::probe_timeout(probe),
              noting([check](PodWorker& self, Result<CheckResult> r) {
                self.checked(check, r ? *r : CheckResult{false, r.error().message});
              }));
}

void PodWorker::checked(const lifecycle::Check& check, const CheckResult& result) {
  const auto it = record_.containers.find(check.key.container);
  if (it == record_.containers.end() || it->second.attempt != check.key.attempt) return;
  const int failures_before = it->second.probes[check.kind].failures;
  const bool stop_before = it->second.stop_asked;
  note_check(record_, pod_, check.key, check.kind, result, clock());
  const bool kills = it->second.stop_asked && !stop_before;
  const std::string probe(lifecycle::probe_name(check.kind));
  if (it->second.probes[check.kind].failures > failures_before || kills)
    tell(true, "Unhealthy", probe + " probe failed: " + result.output);
  if (kills)
    tell(false, "Killing",
         "Container " + check.key.container + " failed " + base::to_lower(probe) + " probe, will be restarted");
}

void PodWorker::perform_one(const lifecycle::PostStart& hook) {
  const Value& handler = lifecycle::container_spec(pod_, hook.key.container)["lifecycle"]["postStart"];
  run_handler(hook.key, handler, kLongestPostStart, noting([key = hook.key](PodWorker& self, Result<CheckResult> r) {
                note_post_start(self.record_, key, r && r->ok);
              }));
}

void PodWorker::perform_one(const lifecycle::PreStop& hook) {
  const Value& handler = lifecycle::container_spec(pod_, hook.key.container)["lifecycle"]["preStop"];
  run_handler(hook.key, handler, hook.limit, noting([key = hook.key](PodWorker& self, Result<CheckResult> r) {
                if (!r || !r->ok)
                  self.tell(
                      true, "FailedPreStopHook",
                      "PreStopHook of container " + key.container + " failed: " + (r ? r->output : r.error().message));
                note_pre_stop(self.record_, key);
              }));
}

void PodWorker::perform_one(const lifecycle::Signal& s) {
  tools_.runtime.signal(s.key, s.signal, noting([s](PodWorker& self, Result<bool> sent) {
                          const auto it = self.record_.containers.find(s.key.container);
                          const bool still = it != self.record_.containers.end() &&
                                             it->second.attempt == s.key.attempt &&
                                             it->second.phase == ContainerRecord::Phase::Running;
                          if (!sent && still) self.later(kAskAgain, [&self, s] { self.perform_one(s); });
                        }));
}

void PodWorker::perform_one(const lifecycle::Drain&) {
  const Sandbox s = sandbox();
  tools_.drain.drain({.space = s.space, .name = s.name, .uid = s.uid, .ip = s.ip},
                     noting([](PodWorker& self) { self.record_.drained = true; }));
}

// --- the end
// -----------------------------------------------------------------------------------------------------------

void PodWorker::perform_one(const lifecycle::Forget& f) { to_forget_.push_back(f.key); }

void PodWorker::perform_one(const lifecycle::Remove&) {
  tools_.runtime.remove_sandbox(std::string(api::uid_of(pod_)), noting([](PodWorker& self, Result<bool> removed) {
                                  if (removed)
                                    self.record_.removed = true;
                                  else
                                    self.later(kAskAgain, [&self] { self.perform_one(lifecycle::Remove{}); });
                                }));
}

void PodWorker::perform_one(const lifecycle::Finish&) { finish_ = true; }

void PodWorker::delete_object() {
  deleting_ = true;
  client::Request request{.verb = client::Verb::Delete,
                          .resource = api::kPods,
                          .space = std::string(api::space_of(pod_)),
                          .name = std::string(api::name_of(pod_))};
  request.body = Value::object({{"apiVersion", "v1"},
                                {"kind", "DeleteOptions"},
                                {"gracePeriodSeconds", 0},
                                {"preconditions", Value::object({{"uid", api::uid_of(pod_)}})}});
  tools_.api.call(std::move(request), noting([](PodWorker& self, client::Answer answer) {
                    // Gone, or another pod has the name by now: the watch tells. Anything else is tried again.
                    if (answer || answer.error().code == Code::NotFound || answer.error().code == Code::Conflict)
                      return;
                    self.later(kAskAgain, [&self] { self.delete_object(); });
                  }));
}

// --- status
// --------------------------------------------------------------------------------------------------------------

void PodWorker::write_status() {
  if (writing_ || record_.gone || deleting_) return;
  Value status = record_.status;
  status.set("hostIP", tools_.host_ip);
  status.set("hostIPs", Value::array({Value::object({{"ip", tools_.host_ip}})}));
  // The cache may not show our last write yet: then that is what stands.
  const bool cache_is_old = version_number(pod_) < written_version_;
  if (cache_is_old ? status == written_status_ : !lifecycle::changes(pod_, status)) {
    for (const ContainerKey& key : std::exchange(to_forget_, {})) tools_.runtime.forget(key);
    if (finish_) delete_object();
    return;
  }
  writing_ = true;
  client::Request request{.verb = client::Verb::Patch,
                          .resource = api::kPods,
                          .space = std::string(api::space_of(pod_)),
                          .name = std::string(api::name_of(pod_)),
                          .subresource = "status",
                          .patch_type = client::PatchType::Strategic,
                          .field_manager = "kubelet"};
  request.body = Value::object(
      {{"metadata", Value::object({{"uid", api::uid_of(pod_)}})}, {"status", lifecycle::patch_of(status)}});
  written_status_ = status;
  tools_.api.call(std::move(request),
                  noting([](PodWorker& self, client::Answer answer) { self.written(std::move(answer)); }));
}

void PodWorker::written(client::Answer answer) {
  writing_ = false;
  if (answer) {
    written_version_ = version_number(*answer);
    return;
  }
  written_status_ = Value();
  written_version_ = 0;
  if (answer.error().code == Code::NotFound || answer.error().code == Code::Conflict) return;  // the watch will tell
  writing_ = true;  // not again before a moment has passed
  later(kAskAgain, [this] {
    writing_ = false;
    poke();
  });
}

}  // namespace slipway::node
