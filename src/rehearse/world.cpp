#include "rehearse/world.h"

#include <algorithm>

#include "api/scheme.h"
#include "apiserver/bootstrap.h"
#include "controllers/controllers.h"
#include "rehearse/trace.h"
#include "store/memory_store.h"

namespace slipway::rehearse {

namespace {

constexpr base::Duration kRestartMean = base::seconds(3);
constexpr base::Duration kLongestFreeze = base::seconds(40);
// A leader that stood still for longer has lost its lease when it wakes up (control/lease_leadership.h).
constexpr base::Duration kFrozenLeader = base::seconds(10);

apiserver::Identity admin(std::string user) { return {.user = std::move(user), .groups = {"system:masters"}}; }

}  // namespace

// --- control process --------------------------------------------------------------------------------------

ControlProcess::ControlProcess(std::string identity, client::ApiClient& api, Faults& faults, Surroundings surroundings,
                               ProcessHooks hooks)
    : loop_(faults.loop()), hooks_(std::move(hooks)) {
  client_ = std::make_unique<FaultyClient>(api, faults, loop_, hooks_.on_write);
  leadership_ = std::make_unique<control::LeaseLeadership>(*client_, loop_, faults.random(),
                                                           control::LeaseOptions{.identity = identity});
  runner_ = std::make_unique<control::Runner>(*client_, loop_, faults.random(), *leadership_);
  runner_->add_port("traffic", surroundings.gateway.traffic_port());
  runner_->add_port("metrics/gateway", surroundings.gateway.gateway_metrics_port());
  runner_->add_port("metrics/prometheus", surroundings.gateway.prometheus_port());
  runner_->add_port("metrics/web", surroundings.hooks.web_port());
  runner_->add_port("metrics/process", surroundings.hooks.process_port());
  runner_->add_port("notify", surroundings.receiver);
  runner_->add_observer(*this);
  controllers::add_to(*runner_);
  leadership_->start([this] { runner_->start(); });
}

ControlProcess::~ControlProcess() { client_->disconnect(); }

void ControlProcess::acting(const control::Controller&, const control::ObjectName&, const control::Effect&) {
  hooks_.acting();
}

void ControlProcess::decided(const control::Controller&, const control::ObjectName&, base::Time,
                             const control::Decision&) {
  ++decisions_;
}

void ControlProcess::refused(const control::Controller&, const control::ObjectName&,
                             const control::Violation& violation) {
  hooks_.refused(violation);
}

// --- world ------------------------------------------------------------------------------------------------

World::World(WorldOptions options) : options_(options), random_(options.seed), checkers_(all_checkers()) {
  store_ = store::make_memory_store(loop_);
  server_ = std::make_unique<apiserver::ApiServer>(*store_, loop_, random_);
  user_ = std::make_unique<apiserver::LocalClient>(*server_, loop_, admin("user"));
  models_ = std::make_unique<apiserver::LocalClient>(*server_, loop_, admin("models"));
  controllers_ =
      std::make_unique<apiserver::LocalClient>(*server_, loop_, apiserver::part_identity(apiserver::kControllerUser));
  faults_ = std::make_unique<Faults>(loop_, random_, options.faults);
  std::vector<std::string> nodes;
  for (int i = 1; i <= options.nodes; ++i) nodes.push_back("node-" + std::to_string(i));
  node_ = std::make_unique<ModelledNode>(*models_, loop_, random_, std::move(nodes), options.pods_per_node);
  behind_ = options.faults.behind() + (options.freeze_chance > 0 ? kFrozenLeader : base::Duration{});
  gateway_ = std::make_unique<ModelledGateway>(*models_, loop_, random_, options.traffic);
  gateway_->set_metric_faults(options.metric_faults);
  outside_ = std::make_unique<ModelledHooks>(loop_, random_, gateway_->web_port(), gateway_->process_port());
  outside_->set_faults(options.hook_faults);
  receiver_ = std::make_unique<ModelledReceiver>(loop_, random_);
  gateway_->on_routed([this](const auto& name, const auto& route) { routed(name, route); });
}

World::~World() {
  for (auto& process : processes_) process.reset();
}

void World::start() {
  server_->start();
  std::vector<api::Resource> watched = {
      api::kPods,         api::kReplicaSets,     api::kDeployments,   route_kind(router()), api::kAnalysisRuns,
      api::kReleases,     api::kReleasePolicies, api::kNotifications, api::kServices,       api::kEndpointSlices,
      api::kStatefulSets, api::kDaemonSets,      api::kNamespaces,    api::kConfigMaps};
  if (const auto beside = beside_kind(router()); beside && *beside != route_kind(router())) watched.push_back(*beside);
  for (const api::Resource& resource : watched)
    if (auto watch = store_->watch(resource.qualified(), store_->head()->revision(), *this))
      subscriptions_.push_back(std::move(*watch));
  node_->start();
  gateway_->start();
  processes_.resize(static_cast<std::size_t>(options_.processes));
  for (std::size_t i = 0; i < processes_.size(); ++i) begin_process(i);
  if (options_.clock_jumps) jump_sometimes();
}

void World::begin_process(std::size_t index) {
  const std::string identity = "process-" + std::to_string(index) + "-" + std::to_string(++generation_);
  processes_[index] = std::make_unique<ControlProcess>(
      identity, *controllers_, *faults_, Surroundings{*gateway_, *outside_, *receiver_},
      ProcessHooks{.acting = [this, index] { before_effect(index); },
                   .on_write = [this, identity](const client::Request& request) { sent(identity, request); },
                   .refused = [this](const control::Violation& v) { refused(v); }});
}

void World::before_effect(std::size_t index) {
  if (faults_->strikes("crash", options_.crash_chance)) return crash(index);
  if (!processes_[index] || !faults_->strikes("freeze", options_.freeze_chance)) return;
  const auto span = base::milliseconds(random_.below(kLongestFreeze / base::milliseconds(1)));
  tell("process " + std::to_string(index) + " stands still for " + base::format_duration(span));
  processes_[index]->freeze(span);
}

void World::refused(const control::Violation& violation) {
  ++refusals_;
  tell("refused by " + violation.invariant + ": " + violation.message);
}

void World::sent(const std::string& process, const client::Request& request) {
  if (options_.trace && request.resource != api::kLeases && request.resource != api::kEvents)
    tell(process + " sends " + request.resource.plural + "/" + request.name + " " + request.subresource);
  const Truth now = truth();
  for (const auto& checker : checkers_)
    if (const auto broken = checker->sent(now, process, request)) complain(*checker, *broken);
}

// The process may be in the middle of acting: it is cut off from the world at once and taken apart when its turn is
// over.
void World::crash(std::size_t process) {
  std::shared_ptr<ControlProcess> dead = std::move(processes_[process]);
  if (!dead) return;
  tell("process " + std::to_string(process) + " dies");
  past_decisions_ += dead->decisions();
  dead->die();
  loop_.post([dead = std::move(dead)]() mutable { dead.reset(); });
  run_after(loop_, faults_->delay(kRestartMean), [this, process] {
    if (!processes_[process]) begin_process(process);
  });
}

void World::stop_faults() {
  faults_->stop();
  options_.crash_chance = 0;
  options_.freeze_chance = 0;
  options_.clock_jumps = false;
  gateway_->set_metric_faults({});
  outside_->set_faults({});
}

void World::jump_sometimes() {
  jump_timer_ = loop_.after(base::seconds(5 + static_cast<std::int64_t>(random_.below(60))), [this] {
    if (!options_.clock_jumps) return;
    faults_->count("clock jump");
    jumped_ = base::Time(loop_.mono().time_since_epoch());
    loop_.jump_clock(base::seconds(static_cast<std::int64_t>(random_.below(240)) - 120));
    jump_sometimes();
  });
}

Truth World::truth() const {
  return {.snapshot = store_->published(),
          .gateway = *gateway_,
          .hooks = *outside_,
          .now = base::Time(loop_.mono().time_since_epoch()),
          .behind = behind_,
          .jumped = jumped_};
}

void World::complain(const Checker& checker, const std::string& what) {
  if (violation_) return;
  broken_rule_ = checker.name();
  tell("BROKEN " + broken_rule_ + ": " + what);
  violation_ = std::string(checker.name()) + ": " + what + " (seed " + std::to_string(options_.seed) + ", at " +
               base::format_duration(loop_.mono().time_since_epoch()) + ")";
}

void World::tell(const std::string& line) const {
  if (!options_.trace || line.empty()) return;
  std::string when = std::to_string(loop_.mono().time_since_epoch() / base::milliseconds(1));
  when.insert(when.size() - std::min<std::size_t>(3, when.size()), ".");
  options_.trace(when + "  " + line);
}

void World::changed(const store::Change& change) {
  if (options_.trace) tell(line_of(change));
  ++writes_;
  ++written_[change.entry->key.resource + "/" + change.entry->key.name];
  const Truth now = truth();
  for (const auto& checker : checkers_)
    if (const auto broken = checker->changed(now, change)) complain(*checker, *broken);
  check_written(change);
}

// A change of any object of a router may change what every route of its namespace says.
void World::check_written(const store::Change& change) {
  const auto beside = beside_kind(router());
  const std::string& resource = change.entry->key.resource;
  const bool is_route = resource == route_kind(router()).qualified();
  if (!is_route && !(beside && resource == beside->qualified())) return;
  const Truth now = truth();
  const client::ObjectName changed{change.entry->key.space, change.entry->key.name};
  if (is_route && !is_beside(router(), change.entry->object)) written_rules_.try_emplace(changed);
  for (auto& [route, before] : written_rules_) {
    if (route.space != changed.space) continue;
    RoutedRules after = now.written(route);
    if (after == before) continue;
    tell(route_kind(router()).kind + " " + route.name + " says" + text_of(after));
    for (const auto& checker : checkers_)
      if (const auto broken = checker->rewritten(now, route, before, after)) complain(*checker, *broken);
    before = std::move(after);
  }
}

void World::routed(const client::ObjectName& name, const ModelledGateway::Route& route) {
  tell("the proxies route" + text_of(route.rules));
  const Truth now = truth();
  for (const auto& checker : checkers_)
    if (const auto broken = checker->routed(now, name, route)) complain(*checker, *broken);
}

base::Result<data::Value> World::call(client::Request request) {
  std::optional<client::Answer> answer;
  user_->call(std::move(request), [&answer](client::Answer got) { answer = std::move(got); });
  loop_.run_until([&answer] { return answer.has_value(); }, base::minutes(1));
  return answer ? *answer : base::fail(base::Code::Timeout, "the API server did not answer");
}

base::Result<data::Value> World::apply(const api::Resource& resource, const data::Value& object) {
  return call({.verb = client::Verb::Patch,
               .resource = resource,
               .space = std::string(api::space_of(object)),
               .name = std::string(api::name_of(object)),
               .body = object,
               .patch_type = client::PatchType::Apply,
               .field_manager = "user",
               .force = true});
}

data::Value World::get(const api::Resource& resource, std::string_view space, std::string_view name) const {
  return truth().find(resource, space, name);
}

bool World::run_until(const std::function<bool()>& done, base::Duration limit) {
  return loop_.run_until([&] { return violation_.has_value() || done(); }, limit) && !violation_;
}

void World::run_for(base::Duration span) { loop_.run_for(span); }

std::int64_t World::decisions() const {
  std::int64_t sum = past_decisions_;
  for (const auto& process : processes_) sum += process ? process->decisions() : 0;
  return sum;
}

}  // namespace slipway::rehearse
