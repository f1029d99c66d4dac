#include "gateway/driver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/strings.h"
#include "gateway/command_socket.h"
#include "gateway/files.h"
#include "gateway/io_thread.h"

namespace slipway::gateway {
namespace {

using base::milliseconds;
using base::seconds;

constexpr auto kSoon = milliseconds(10);    // for sessions to end, for a process to answer
constexpr auto kLater = milliseconds(100);  // when that has taken `kQuickPasses` already
constexpr int kQuickPasses = 300;
constexpr auto kPatience = seconds(2);  // for a replacement of the last server of a slot
constexpr auto kReloadGap = milliseconds(200);
constexpr auto kReloadLimit = seconds(10);
constexpr auto kAudit = seconds(5);  // looks at the proxy even when nothing changed
constexpr int kMaxBusyPasses = 500;
constexpr int kListenTries = 100;

std::string map_text(const Map& map) {
  std::string out;
  for (const auto& [key, value] : map) out += key + " " + value + "\n";
  return out;
}

// The worker's maps with what the commands change: rules that are not planned stay as they are.
Map merged(Map now, const Map& after) {
  for (const auto& [key, value] : after) now[key] = value;
  return now;
}

base::Result<void> write_maps(const ConfigPaths& paths, const Map& weights, const Map& slots, const Map& salts) {
  for (auto [path, map] :
       {std::pair(&paths.weights, &weights), std::pair(&paths.slots, &slots), std::pair(&paths.salts, &salts)}) {
    if (auto written = write_file(*path, map_text(*map)); !written) return written;
  }
  return {};
}

base::Result<void> listen_on(int fd, const std::string& address, int port) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string name = address + ":" + std::to_string(port);
  if (inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1)
    return base::fail(base::Code::Invalid, "not an IPv4 address: " + address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0 || listen(fd, 1024) != 0) {
    return base::fail(base::Code::Unavailable, "the gateway cannot listen on " + name + ": " + std::strerror(errno) +
                                                   "; free it, or start with another --gateway-port");
  }
  return {};
}

}  // namespace

struct Driver::Impl {
  explicit Impl(std::string socket) : socket(std::move(socket)) {}
  CommandSocket socket;
  IoThread io;
};

Driver::Driver(runtime::Loop& loop, control::ProcessHost& host, DriverOptions options)
    : loop_(loop), host_(host), options_(std::move(options)), socket_(options_.run_dir + "/gateway.sock") {
  paths_ = {.weights = options_.config_dir + "/weights.map",
            .slots = options_.config_dir + "/slots.map",
            .salts = options_.config_dir + "/salts.map",
            .log_socket = options_.run_dir + "/gateway-log.sock",
            .threads = options_.threads};
  impl_ = std::make_unique<Impl>(socket_);
  host_.on_exit([this, alive = std::weak_ptr(alive_)](const control::ProcessState& state) {
    if (alive.expired() || state.id != options_.process_id || !running_) return;
    running_ = false;
    // The first time at once; one that cannot live is not started over and over.
    if (++exits_ > 2)
      problem_ = "HAProxy ended as soon as it was started; its reasons are in " + options_.config_dir + "/haproxy.log";
    if (exits_ <= 2) return kick();
    if (listener_) listener_();
    if (!busy_) again(std::min<base::Duration>(seconds(5), milliseconds(100) * (1 << std::min(exits_, 6))));
  });
}

// Work in the background may be under way: it has its socket by reference, since the pointer is null while this waits
// for it.
Driver::~Driver() {
  alive_.reset();
  impl_.reset();
}

template <class Work, class Then>
void Driver::background(Work work, Then then) {
  impl_->io.run([this, work = std::move(work), then = std::move(then), alive = std::weak_ptr(alive_)]() mutable {
    auto result = work();
    loop_.post([result = std::move(result), then = std::move(then), alive = std::move(alive)]() mutable {
      if (!alive.expired()) then(std::move(result));
    });
  });
}

void Driver::want(Structure structure, Targets targets) {
  if (structure_ != structure || fingerprint_.empty()) {
    structure_ = std::move(structure);
    fingerprint_ = fingerprint(structure_, paths_);
    plan_.applied.clear();
  }
  if (targets_ != targets) plan_.applied.clear();  // not known before the next look
  targets_ = std::move(targets);
  wanted_ = true;
  kick();
}

void Driver::drain(const control::DrainGate::Pod& pod, std::move_only_function<void()> done) {
  leaving_[pod.ip] = pod.uid;
  drains_.push_back({pod, std::move(done)});
  kick();
}

void Driver::settle(std::move_only_function<void()> done) {
  settlers_.push_back({pass_number_ + 1, std::move(done)});
  kick();
}

std::string Driver::held(const std::string& rule) const {
  auto found = plan_.held.find(rule);
  return found == plan_.held.end() ? "" : found->second;
}

void Driver::kick() {
  dirty_ = true;
  if (busy_) return;
  timer_ = loop_.after(base::Duration(0), [this] { pass(); });
}

void Driver::again(base::Duration delay) {
  busy_ = false;
  timer_ = loop_.after(delay, [this] { pass(); });
}

void Driver::fail(std::string why) {
  problem_ = std::move(why);
  if (listener_) listener_();
  tell_settlers();
  again(seconds(1));
}

void Driver::pass() {
  if (busy_ || !wanted_) return;
  busy_ = true;
  dirty_ = false;
  ++pass_number_;
  running_ ? observe() : find_process();
}

// --- the process --------------------------------------------------------------------------------------------

void Driver::find_process() {
  host_.list([this, alive = std::weak_ptr(alive_)](base::Result<std::vector<control::ProcessState>> all) {
    if (alive.expired()) return;
    if (!all) return fail("the gateway's process cannot be looked for: " + all.error().message);
    running_ = std::any_of(all->begin(), all->end(), [&](auto& p) { return p.id == options_.process_id && p.running; });
    running_ ? observe() : spawn();
  });
}

void Driver::spawn() {
  auto binary = require_program(options_.binary, "HAProxy", "haproxy");
  if (!binary) return fail(binary.error().message);
  options_.binary = *binary;
  if (options_.listen_port == 0) return spawn_with(-1);
  host_.open_socket(control::NetworkSpace::Host, AF_INET, SOCK_STREAM,
                    [this, alive = std::weak_ptr(alive_)](base::Result<int> fd) {
                      if (alive.expired()) return;
                      if (!fd) return fail("the gateway's listening socket cannot be made: " + fd.error().message);
                      auto listening = listen_on(*fd, options_.listen_address, options_.listen_port);
                      if (listening) return spawn_with(*fd);
                      close(*fd);
                      // A worker of a master that was killed gives the address free in a moment.
                      if (++busy_passes_ < kListenTries) return again(kSoon);
                      fail(listening.error().message);
                    });
}

void Driver::spawn_with(int listener) {
  // Work in the background has copies of what the loop goes on changing.
  // An ended worker's socket file would make the new master fail.
  auto prepare = [this, structure = structure_,
                  start = starting_point(targets_, structure_.rules, nullptr)]() -> base::Result<void> {
    std::error_code ignored;
    std::filesystem::create_directories(options_.config_dir, ignored);
    std::filesystem::create_directories(options_.run_dir, ignored);
    std::filesystem::permissions(options_.run_dir, std::filesystem::perms::owner_all, ignored);
    auto maps = write_maps(paths_, start.weights, start.slots, start.salts);
    return maps ? write_file(options_.config_dir + "/haproxy.cfg", write_config(structure, start.servers, paths_))
                : maps;
  };
  background(prepare, [this, listener](base::Result<void> written) {
    if (!written) {
      if (listener >= 0) close(listener);
      return fail(written.error().message);
    }
    control::ProcessSpec spec{
        .id = options_.process_id,
        .argv = {options_.binary, "-W", "-S", socket_ + ",mode,600", "-f", options_.config_dir + "/haproxy.cfg"},
        .env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
        .network = options_.network,
        .stdout_path = options_.config_dir + "/haproxy.log"};
    if (listener >= 0) spec.pass_fds = {listener};
    host_.spawn(std::move(spec),
                [this, listener, alive = std::weak_ptr(alive_)](base::Result<control::ProcessState> state) {
                  if (listener >= 0) close(listener);
                  if (alive.expired()) return;
                  if (!state && state.error().code != base::Code::AlreadyExists)
                    return fail("HAProxy cannot be started: " + state.error().message);
                  running_ = true;
                  busy_passes_ = 0;
                  again(kSoon);
                });
  });
}

// --- observe, plan, carry out --------------------------------------------------------------------------------

void Driver::observe() {
  background([this, &socket = impl_->socket] { return socket.observe(paths_.weights, paths_.slots, paths_.salts); },
             [this](base::Result<Observed> result) { look_at(std::move(result)); });
}

void Driver::look_at(base::Result<Observed> result) {
  if (!result || !result->current()) {
    if (!running_) return again(kLater);
    // Just started, or just reloading: it answers in a moment.
    if (++busy_passes_ < kMaxBusyPasses) return again(kSoon);
    return fail("HAProxy does not answer; its output is in " + options_.config_dir + "/haproxy.log");
  }
  observed_ = std::move(*result);
  if (is_reloading()) return again(kSoon);
  bool other = observed_.current()->fingerprint != fingerprint_;
  if (other && fingerprint_ != refused_) return reload();
  plan_ =
      plan(targets_, structure_.rules, observed_, leaving_, given_up_, {paths_.weights, paths_.slots, paths_.salts});
  plan_.commands.empty() ? settled() : carry_out();
}

// While a reload is under way nothing is planned. Ends with the new worker, with the master's refusal, or by the limit.
bool Driver::is_reloading() {
  if (loading_.empty()) return false;
  if (observed_.current()->fingerprint == loading_) {
    ++reloads_;
    refused_.clear();
  } else if (observed_.failed_reloads > failed_reloads_ || loop_.mono() - loading_since_ > kReloadLimit) {
    refused_ = loading_;
    problem_ = "HAProxy refused the configuration and goes on with the one before; its reasons are in " +
               options_.config_dir + "/haproxy.log";
  } else {
    return true;
  }
  loading_.clear();
  return false;
}

void Driver::reload() {
  auto gap = loop_.mono() - last_reload_;
  if (reloads_ > 0 && gap < kReloadGap) return again(kReloadGap - gap);
  loading_ = fingerprint_;
  loading_since_ = last_reload_ = loop_.mono();
  failed_reloads_ = observed_.failed_reloads;
  auto work = [this, &socket = impl_->socket, structure = structure_,
               start = starting_point(targets_, structure_.rules, observed_.current())]() -> base::Result<std::string> {
    auto maps = write_maps(paths_, start.weights, start.slots, start.salts);
    if (!maps) return base::fail(maps.error());
    auto config = write_file(options_.config_dir + "/haproxy.cfg", write_config(structure, start.servers, paths_));
    if (!config) return base::fail(config.error());
    return socket.ask("reload");
  };
  background(work, [this](base::Result<std::string> asked) {
    if (asked) return again(kSoon);
    loading_.clear();
    fail(asked.error().message);
  });
}

void Driver::carry_out() {
  auto work = [this, &socket = impl_->socket, commands = plan_.commands,
               weights = merged(observed_.current()->weights, plan_.weights),
               slots = merged(observed_.current()->slots, plan_.slots),
               salts = merged(observed_.current()->salts, plan_.salts)]() -> base::Result<std::string> {
    // The files first: whoever starts from them must not fall behind what has been said to the proxy.
    if (auto written = write_maps(paths_, weights, slots, salts); !written) return base::fail(written.error());
    std::string refused;
    for (const Command& c : commands) {
      auto answer = socket.ask(c.pid, c.text);
      if (!answer) return base::fail(answer.error());
      if (!is_success(c.text, *answer) && refused.empty()) refused = c.text + ": " + std::string(base::trim(*answer));
    }
    return refused;
  };
  background(work, [this](base::Result<std::string> refused) {
    if (!refused) return fail(refused.error().message);
    if (++busy_passes_ > kMaxBusyPasses) return fail("HAProxy refuses a command: " + *refused);
    // What was refused is refused again at once (a server that still has idle connections, say): wait a little.
    refused->empty() && busy_passes_ < 20 ? observe() : again(kSoon);
  });
}

void Driver::settled() {
  exits_ = 0;
  busy_passes_ = 0;
  if (refused_.empty() || refused_ != fingerprint_) problem_.clear();
  lose_patience();
  forget_leavers();
  busy_ = false;
  finish_drains();
  if (listener_) listener_();
  tell_settlers();
  if (busy_ || dirty_) return kick();
  bool waiting = plan_.waiting || !drains_.empty();
  idle_passes_ = waiting ? idle_passes_ + 1 : 0;
  again(!waiting                      ? base::Duration(kAudit)
        : idle_passes_ < kQuickPasses ? base::Duration(kSoon)
                                      : base::Duration(kLater));
}

// --- pods that leave ------------------------------------------------------------------------------------------

void Driver::finish_drains() {
  std::vector<Pending> done;
  std::erase_if(drains_, [&](Pending& p) {
    bool drained = is_drained(observed_, p.pod.ip);
    if (drained) done.push_back(std::move(p));
    return drained;
  });
  for (Pending& p : done) p.done();
}

// An address may be given to a new pod once its endpoint has gone from the targets.
void Driver::forget_leavers() {
  std::erase_if(leaving_, [&](const auto& entry) {
    const auto& [ip, uid] = entry;
    bool pending = std::any_of(drains_.begin(), drains_.end(), [&](auto& p) { return p.pod.ip == ip; });
    bool listed = std::any_of(targets_.begin(), targets_.end(), [&](auto& t) {
      return std::any_of(t.second.backends.begin(), t.second.backends.end(), [&](auto& b) {
        return std::any_of(b.servers.begin(), b.servers.end(),
                           [&](auto& s) { return s.ip == ip && (uid.empty() || s.uid == uid); });
      });
    });
    return !pending && !listed && is_drained(observed_, ip);
  });
}

void Driver::lose_patience() {
  std::erase_if(last_since_, [&](auto& e) { return !plan_.last_ones.contains(e.first); });
  std::erase_if(given_up_, [&](auto& ip) { return is_drained(observed_, ip); });
  for (const std::string& ip : plan_.last_ones) {
    auto since = last_since_.try_emplace(ip, loop_.mono()).first->second;
    if (loop_.mono() - since < kPatience) continue;
    given_up_.insert(ip);
    dirty_ = true;
  }
}

void Driver::tell_settlers() {
  std::vector<Settler> ready;
  std::erase_if(settlers_, [&](Settler& s) {
    bool now = s.pass <= pass_number_;
    if (now) ready.push_back(std::move(s));
    return now;
  });
  for (Settler& s : ready) s.done();
}

}  // namespace slipway::gateway
