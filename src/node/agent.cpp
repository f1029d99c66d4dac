#include "node/agent.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/meta.h"
#include "node/address_pool.h"
#include "node/lifecycle/environment.h"
#include "node/node_object.h"
#include "node/pod_worker.h"

namespace slipway::node {

using base::Code;
using base::Result;
using client::ObjectName;
using data::Value;

namespace {

constexpr base::Duration kAskAgain = base::seconds(1);

// A pod whose object is gone while something of it is still here: enough of an object to end it by.
Value remains_of(const Sandbox& s, const std::vector<ContainerState>& containers) {
  Value list = Value::array();
  std::set<std::string> seen;
  for (const ContainerState& c : containers)
    if (c.key.pod == s.uid && seen.insert(c.key.container).second)
      list.push_back(Value::object({{"name", c.key.container}}));
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"metadata", Value::object({{"name", s.name}, {"namespace", s.space}, {"uid", s.uid}})},
                        {"spec", Value::object({{"containers", list}, {"restartPolicy", "Never"}})}});
}

bool waits_for_objects(const lifecycle::PodRecord& record) {
  return !record.prepare_message.empty() ||
         std::any_of(record.containers.begin(), record.containers.end(),
                     [](const auto& c) { return c.second.waiting_reason == "CreateContainerConfigError"; });
}

}  // namespace

class Agent::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, PodRuntime& runtime,
       control::DrainGate& drain, AgentOptions options)
      : api_(api),
        loop_(loop),
        runtime_(runtime),
        options_(std::move(options)),
        events_(api, loop),
        pods_(api, loop, random, api::kPods),
        config_maps_(api, loop, random, api::kConfigMaps),
        secrets_(api, loop, random, api::kSecrets),
        claims_(api, loop, random, api::kPersistentVolumeClaims),
        services_(api, loop, random, api::kServices),
        tools_{.api = api,
               .loop = loop,
               .runtime = runtime,
               .drain = drain,
               .events = events_,
               .limits = options_.limits,
               .host_ip = options_.host_ip,
               .lookup = [this](const Value& pod) { return lookup(pod); },
               .allocate = [this] { return addresses_.allocate(); },
               .finished = [this](const std::string& uid) { finished(uid); }} {}

  void start() {
    runtime_.on_end([weak = weak_from_this()](const ContainerState& state) {
      if (auto self = weak.lock()) self->ended(state);
    });
    pods_.add_listener([this](const Value& before, const Value& after) { pod_changed(before, after); });
    pods_.add_progress_listener([this] { adopt(); });
    for (client::Cache* cache : {&config_maps_, &secrets_}) {
      cache->add_listener(
          [this](const Value& before, const Value& after) { object_changed(after.is_null() ? before : after); });
      cache->add_progress_listener([this] { adopt(); });
    }
    claims_.add_listener([this](const Value& before, const Value& after) { claim_changed(before, after); });
    for (client::Cache* cache : {&pods_, &config_maps_, &secrets_, &services_, &claims_}) cache->start();
    ask_runtime();
  }

  bool ready() const { return registered_ && adopted_; }
  std::size_t pods() const { return workers_.size(); }

 private:
  template <class F>
  auto alive(F f) {
    return [weak = weak_from_this(), f = std::move(f)](auto&&... args) mutable {
      if (auto self = weak.lock()) f(*self, std::forward<decltype(args)>(args)...);
    };
  }

  // --- coming up
  // -------------------------------------------------------------------------------------------------------

  void ask_runtime() {
    runtime_.report(alive([](Impl& self, Result<RuntimeReport> report) {
      if (!report) return self.again([&self] { self.ask_runtime(); });
      self.report_ = std::move(*report);
      self.addresses_ = AddressPool(self.report_.pod_range);
      self.list_runtime();
    }));
  }

  void list_runtime() {
    runtime_.list(alive([](Impl& self, Result<PodRuntime::Everything> all) {
      if (!all) return self.again([&self] { self.ask_runtime(); });
      self.found_ = std::move(*all);
      self.listed_ = true;
      self.register_node();
      self.adopt();
    }));
  }

  void again(std::function<void()> task) { retry_ = loop_.after(kAskAgain, std::move(task)); }

  // Once the caches and the runtime have said what there is: take over what runs, end what nobody wants any more.
  void adopt() {
    if (adopted_ || !listed_ || !pods_.synced() || !config_maps_.synced() || !secrets_.synced()) return;
    adopted_ = true;
    const lifecycle::Clock clock{loop_.now(), loop_.mono()};
    std::map<std::string, Sandbox> sandboxes;
    for (const Sandbox& s : found_.sandboxes) sandboxes[s.uid] = s;
    for (const auto& [name, pod] : pods_.all()) {
      if (pod["spec"]["nodeName"].as_string() != options_.name) continue;
      addresses_.take(pod["status"]["podIP"].str());
      const std::string uid(api::uid_of(pod));
      lifecycle::PodRecord record = lifecycle::adopt(pod, found_.containers, sandboxes.contains(uid), clock);
      if (record.ip.empty() && sandboxes.contains(uid)) record.ip = sandboxes[uid].ip;
      addresses_.take(record.ip);
      add_worker(pod, std::move(record));
    }
    end_orphans(sandboxes, clock);
    found_ = {};
    for (const ContainerState& state : std::exchange(early_ends_, {})) ended(state);
  }

  void end_orphans(std::map<std::string, Sandbox> sandboxes, const lifecycle::Clock& clock) {
    for (const ContainerState& c : found_.containers)
      if (!sandboxes.contains(c.key.pod))
        sandboxes[c.key.pod] = {.uid = c.key.pod, .space = "unknown", .name = c.key.pod};
    for (const auto& [uid, sandbox] : sandboxes) {
      if (workers_.contains(uid)) continue;
      const Value pod = remains_of(sandbox, found_.containers);
      lifecycle::PodRecord record = lifecycle::adopt(pod, found_.containers, true, clock);
      record.ip = sandbox.ip;
      record.gone = true;
      addresses_.take(sandbox.ip);
      add_worker(pod, std::move(record));
    }
  }

  void register_node() {
    client::Request request{.verb = client::Verb::Create,
                            .resource = api::kNodes,
                            .body = node_object(options_, report_),
                            .field_manager = "kubelet"};
    api_.call(std::move(request), alive([](Impl& self, client::Answer answer) {
                if (!answer && answer.error().code != Code::AlreadyExists)
                  return self.again([&self] { self.register_node(); });
                if (!answer) self.patch_node(node_object(self.options_, self.report_), "");
                self.patch_node(Value::object({{"status", node_status(self.options_, self.report_, self.loop_.now())}}),
                                "status");
                self.renew_lease();
              }));
  }

  void patch_node(Value body, std::string subresource) {
    client::Request request{.verb = client::Verb::Patch,
                            .resource = api::kNodes,
                            .name = options_.name,
                            .subresource = subresource,
                            .patch_type = client::PatchType::Strategic,  // conditions of others stay
                            .field_manager = "kubelet"};
    request.body = std::move(body);
    const bool last = subresource == "status";
    api_.call(std::move(request), alive([last](Impl& self, client::Answer answer) {
                if (!answer) return self.again([&self] { self.register_node(); });
                if (last) self.registered_ = true;
              }));
  }

  void renew_lease() {
    client::Request request{.verb = client::Verb::Patch,
                            .resource = api::kLeases,
                            .space = "kube-node-lease",
                            .name = options_.name,
                            .field_manager = "kubelet"};
    request.body = lease_object(options_, loop_.now());
    api_.call(std::move(request), alive([](Impl& self, client::Answer answer) {
                if (!answer && answer.error().code == Code::NotFound) self.create_lease();
                self.lease_timer_ = self.loop_.after(self.options_.lease_renewal, [&self] { self.renew_lease(); });
              }));
  }

  void create_lease() {
    client::Request request{.verb = client::Verb::Create,
                            .resource = api::kLeases,
                            .space = "kube-node-lease",
                            .body = lease_object(options_, loop_.now()),
                            .field_manager = "kubelet"};
    api_.call(std::move(request), [](client::Answer) {});  // the next renewal tries again
  }

  // --- pods
  // ---------------------------------------------------------------------------------------------------------------

  void add_worker(const Value& pod, lifecycle::PodRecord record) {
    auto worker = std::make_shared<PodWorker>(tools_, pod, std::move(record));
    workers_[std::string(api::uid_of(pod))] = worker;
    worker->poke();
  }

  void pod_changed(const Value& before, const Value& after) {
    if (!adopted_) return;
    // A name may have changed hands between two looks.
    if (!before.is_null() && (after.is_null() || api::uid_of(after) != api::uid_of(before)))
      if (const auto it = workers_.find(std::string(api::uid_of(before))); it != workers_.end()) it->second->gone();
    if (after.is_null() || after["spec"]["nodeName"].as_string() != options_.name) return;
    const auto it = workers_.find(std::string(api::uid_of(after)));
    if (it != workers_.end()) return it->second->update(after);
    add_worker(after, {});
  }

  void object_changed(const Value& object) {
    const std::string_view kind = object["kind"].as_string();
    for (const auto& [uid, worker] : workers_) {
      const Value& pod = worker->pod();
      if (api::space_of(pod) != api::space_of(object)) continue;
      if (lifecycle::names_object(pod, kind, api::name_of(object)) || waits_for_objects(worker->record()))
        worker->objects_changed();
    }
  }

  // With a claim goes what it held. A claim is there as long as a pod uses it.
  void claim_changed(const Value& before, const Value& after) {
    if (!after.is_null()) object_changed(after);
    const Value &had = before["spec"]["volumeName"], &has = after["spec"]["volumeName"];
    if (!had.is_empty() && had != has) runtime_.remove_kept(had.str());
  }

  void ended(const ContainerState& state) {
    if (!adopted_) return early_ends_.push_back(state);
    const auto it = workers_.find(state.key.pod);
    if (it != workers_.end()) return it->second->ended(state);
    runtime_.forget(state.key);
  }

  void finished(const std::string& uid) {
    const auto node = workers_.extract(uid);
    if (node.empty()) return;
    const PodWorker& worker = *node.mapped();
    addresses_.release(worker.record().ip);
    for (const auto& [name, c] : worker.record().containers)
      if (c.phase == lifecycle::ContainerRecord::Phase::Ended) runtime_.forget({uid, name, c.attempt});
    runtime_.remove_logs({.uid = uid,
                          .space = std::string(api::space_of(worker.pod())),
                          .name = std::string(api::name_of(worker.pod()))});
    graveyard_ = node.mapped();  // it is on the stack right now
  }

  lifecycle::Lookup lookup(const Value& pod) {
    const std::string space(api::space_of(pod));
    return {.config_map = [this, space](std::string_view name) -> const Value& {
              return config_maps_.find({space, std::string(name)});
            },
            .secret = [this, space](std::string_view name) -> const Value& {
              return secrets_.find({space, std::string(name)});
            },
            .claim = [this, space](std::string_view name) -> const Value& {
              return claims_.find({space, std::string(name)});
            },
            .services = services_.in_space(space),
            .host_ip = options_.host_ip,
            .node_cpu_millis = options_.machine.cpus * 1000,
            .node_memory = options_.machine.memory};
  }

  client::ApiClient& api_;
  runtime::Loop& loop_;
  PodRuntime& runtime_;
  AgentOptions options_;
  control::EventRecorder events_;
  client::Cache pods_, config_maps_, secrets_, services_, claims_;
  WorkerTools tools_;
  RuntimeReport report_;
  AddressPool addresses_;
  PodRuntime::Everything found_;
  std::vector<ContainerState> early_ends_;
  std::map<std::string, std::shared_ptr<PodWorker>> workers_;  // by uid
  std::shared_ptr<PodWorker> graveyard_;
  runtime::Timer retry_, lease_timer_;
  bool listed_ = false, adopted_ = false, registered_ = false;
};

Agent::Agent(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, PodRuntime& runtime,
             control::DrainGate& drain, AgentOptions options)
    : impl_(std::make_shared<Impl>(api, loop, random, runtime, drain, std::move(options))) {}
Agent::~Agent() = default;
void Agent::start() { impl_->start(); }
bool Agent::ready() const { return impl_->ready(); }
std::size_t Agent::pods() const { return impl_->pods(); }

}  // namespace slipway::node
