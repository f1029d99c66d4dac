#include "node/runtimes/process_runtime.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/strings.h"
#include "data/json.h"
#include "node/posix.h"
#include "node/runtimes/dialer.h"
#include "node/runtimes/proc_net.h"
#include "node/runtimes/process_spec.h"
#include "node/shim/message.h"

namespace slipway::node {

using base::Code;
using base::Result;
using control::HostReport;
using control::ProcessSpec;
using control::ProcessState;
using data::Value;

namespace {

constexpr std::size_t kExecOutput = 4096, kTerminationMessage = 4096;

Value sandbox_value(const Sandbox& s) {
  return Value::object(
      {{"uid", s.uid}, {"namespace", s.space}, {"name", s.name}, {"hostname", s.hostname}, {"ip", s.ip}});
}

Sandbox sandbox_of(const Value& v) {
  return {v["uid"].str(), v["namespace"].str(), v["name"].str(), v["hostname"].str(), v["ip"].str()};
}

std::string hosts_text(const Sandbox& s) {
  return "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" + s.ip + "\t" + s.hostname + "\n";
}

std::string short_output(const std::string& text) { return text.substr(0, 1024); }

}  // namespace

ProcessRuntime::ProcessRuntime(runtime::real::Loop& loop, control::ProcessHost& host, images::Store& images,
                               ProcessRuntimeOptions options)
    : loop_(loop), host_(host), images_(images), options_(std::move(options)), layout_{options_.data_dir} {
  host_.on_exit([this, alive = std::weak_ptr(alive_)](const ProcessState& state) {
    if (!alive.expired()) ended(state);
  });
}

ProcessRuntime::~ProcessRuntime() = default;

void ProcessRuntime::with_report(std::function<void(Result<void>)> next) {
  if (reported_) return next({});
  host_.report([this, next, alive = std::weak_ptr(alive_)](Result<HostReport> r) {
    if (alive.expired()) return;
    if (!r) return next(base::fail(r.error()));
    report_ = *r;
    reported_ = true;
    // Users of their own must be able to pass through, not to look: what is private inside has modes of its own.
    if (loopback() && report_.root)
      for (const std::string& folder : {options_.data_dir, images_.folder(), layout_.pods()})
        chmod(folder.c_str(), 0711);
    next({});
  });
}

void ProcessRuntime::report(Done<RuntimeReport> done) {
  auto kept = std::make_shared<Done<RuntimeReport>>(std::move(done));
  with_report([this, kept](Result<void> ready) {
    if (!ready) return (*kept)(base::fail(ready.error()));
    RuntimeReport r{.name = "loopback",
                    .pod_range = loopback() ? "127.20" : "10.244",
                    .limits = report_.cgroups,
                    .notes = report_.notes};
    if (report_.rung == HostReport::Rung::Isolated) r.name = "isolated";
    if (report_.rung == HostReport::Rung::UserNamespace) r.name = "user-namespace";
    if (!report_.root) r.notes.push_back("unprivileged: pods are as powerful as the user who started this node");
    (*kept)(std::move(r));
  });
}

Result<Image> ProcessRuntime::resolve(const std::string& reference) { return images_.resolve(reference); }

Result<void> ProcessRuntime::write_sandbox(const Sandbox& s) const {
  const std::string pod = layout_.pod(s.uid);
  std::string resolv = read_file("/etc/resolv.conf").value_or("");
  if (!options_.dns_address.empty())
    resolv = "nameserver " + options_.dns_address + "\nsearch " + s.space + ".svc." + options_.cluster_domain +
             " svc." + options_.cluster_domain + " " + options_.cluster_domain + "\noptions ndots:5\n";
  return in_turn([&] { return make_folders(pod + "/volumes", 0711); },  //
                 [&] { return write_file(pod + "/hosts", hosts_text(s)); },
                 [&] { return write_file(pod + "/resolv.conf", resolv); },
                 [&] { return write_file(pod + "/sandbox.json", data::to_json(sandbox_value(s)), 0600); });
}

void ProcessRuntime::make_sandbox(Sandbox sandbox, Done<bool> done) {
  auto kept = std::make_shared<Done<bool>>(std::move(done));
  with_report([this, sandbox, kept](Result<void> ready) {
    if (ready && !is_safe_name(sandbox.uid)) ready = base::fail(Code::Invalid, "pod uid is no name");
    if (ready) ready = write_sandbox(sandbox);
    if (!ready) return loop_.post([kept, e = ready.error()] { (*kept)(base::fail(e)); });
    host_.make_pod_network(sandbox.uid, sandbox.ip, [kept](Result<bool> made) { (*kept)(std::move(made)); });
  });
}

// Other users of the machine do not get in: pods that have only links to it are its owners, and those that have it
// mounted, as whatever user, do not need the way.
Result<void> ProcessRuntime::keep(const std::string& name, const std::string& link, std::uint32_t owner) const {
  if (!is_safe_name(name)) return base::fail(Code::Invalid, "name of the claim's volume");
  if (auto made = make_folders(layout_.claims(), 0700); !made) return made;
  if (chmod(layout_.claims().c_str(), loopback() ? 0711 : 0700) != 0) return os_fail("open up " + layout_.claims());
  return keep_volume(layout_.kept(name), link, owner, pod_user(""), loopback() ? 0700 : 0777);
}

void ProcessRuntime::put_volume(const Sandbox& sandbox, Volume volume, Done<bool> done) {
  const std::string folder = layout_.volume(sandbox.uid, volume.name);
  const std::uint32_t owner = report_.root ? pod_user(sandbox.ip) : 0;
  Result<void> put = is_safe_name(volume.name) ? make_folders(layout_.pod(sandbox.uid) + "/volumes", 0711)
                                               : Result<void>(base::fail(Code::Invalid, "volume name"));
  if (put && volume.scratch) {
    put = make_folders(folder, 0777);
    if (put && owner != 0 && chown(folder.c_str(), owner, owner) != 0) put = os_fail("own " + folder);
  } else if (put && !volume.kept.empty()) {
    put = keep(volume.kept, folder, owner);
  } else if (put) {
    put = publish_volume(folder, volume.files, owner);
  }
  loop_.post([done = std::move(done), put]() mutable { put ? done(true) : done(base::fail(put.error())); });
}

void ProcessRuntime::remove_sandbox(const std::string& uid, Done<bool> done) {
  auto removed =
      is_safe_name(uid) ? remove_tree(layout_.pod(uid)) : Result<void>(base::fail(Code::Invalid, "pod uid is no name"));
  if (!removed) return loop_.post([done = std::move(done), e = removed.error()]() mutable { done(base::fail(e)); });
  std::erase_if(own_sockets_, [&](const auto& entry) { return entry.first.pod == uid; });
  std::erase_if(pids_, [&](const auto& entry) { return entry.first.pod == uid; });
  host_.remove_pod_network(uid, std::move(done));
}

void ProcessRuntime::remove_kept(const std::string& name) {
  if (is_safe_name(name)) (void)remove_tree(layout_.kept(name));
}

void ProcessRuntime::remove_logs(const Sandbox& s) {
  if (is_safe_name(s.space) && is_safe_name(s.name) && is_safe_name(s.uid))
    (void)remove_tree(layout_.logs(s.space, s.name, s.uid));
}

Result<ProcessSpec> ProcessRuntime::make_process(const ContainerSpec& spec) const {
  const std::string folder = layout_.container(spec.key);
  if (auto made = make_folders(folder, 0711); !made) return base::fail(made.error());
  if (auto written = write_file(folder + "/termination-log", "", 0666); !written) return base::fail(written.error());
  chmod((folder + "/termination-log").c_str(), 0666);
  auto process = loopback() ? loopback_process(spec, layout_, report_) : isolated_process(spec, layout_, report_);
  if (!process) return process;
  // For probes that join it later, also after a restart of the server.
  if (auto kept = write_file(folder + "/process.json", data::to_json(shim::to_value(*process)), 0600); !kept)
    return base::fail(kept.error());
  return process;
}

void ProcessRuntime::start(ContainerSpec spec, Done<ContainerState> done) {
  auto process = make_process(spec);
  if (!process) return loop_.post([done = std::move(done), e = process.error()]() mutable { done(base::fail(e)); });
  // The network is there, unless the shim was started anew since.
  host_.make_pod_network(spec.sandbox.uid, spec.sandbox.ip,
                         [this, process = std::move(*process), key = spec.key, done = std::move(done),
                          alive = std::weak_ptr(alive_)](Result<bool> made) mutable {
                           if (alive.expired()) return;
                           made ? spawn(std::move(process), key, std::move(done)) : done(base::fail(made.error()));
                         });
}

void ProcessRuntime::spawn(ProcessSpec process, const ContainerKey& key, Done<ContainerState> done) {
  host_.spawn(std::move(process),
              [this, key, done = std::move(done), alive = std::weak_ptr(alive_)](Result<ProcessState> s) mutable {
                if (alive.expired()) return;
                s ? done(state_of(*s, key)) : done(base::fail(s.error()));
              });
}

ContainerState ProcessRuntime::state_of(const ProcessState& s, const ContainerKey& key) {
  if (s.running) pids_[key] = s.pid;
  ContainerState c{.key = key,
                   .running = s.running,
                   .started = s.started,
                   .ended = s.ended,
                   .exit_code = s.exit_code,
                   .signal = s.signal,
                   .out_of_memory = s.out_of_memory};
  if (!s.running) {
    const UniqueFd file(open((layout_.container(key) + "/termination-log").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    char text[kTerminationMessage];
    const ssize_t n = file ? read(file.get(), text, sizeof text) : 0;
    c.message.assign(text, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (!base::is_utf8(c.message)) c.message.clear();
  }
  return c;
}

void ProcessRuntime::signal(const ContainerKey& key, int signal, Done<bool> done) {
  host_.signal(process_id(key), signal, std::move(done));
}

void ProcessRuntime::forget(const ContainerKey& key) {
  pids_.erase(key);
  own_sockets_.erase(key);
  host_.forget(process_id(key), [](Result<bool>) {});
}

void ProcessRuntime::list(Done<Everything> done) {
  host_.list(
      [this, done = std::move(done), alive = std::weak_ptr(alive_)](Result<std::vector<ProcessState>> all) mutable {
        if (alive.expired()) return;
        if (!all) return done(base::fail(all.error()));
        Everything e;
        for (const ProcessState& s : *all)
          if (const auto key = key_of_process(s.id)) e.containers.push_back(state_of(s, *key));
        std::error_code error;
        for (const auto& pod : std::filesystem::directory_iterator(layout_.pods(), error)) {
          const auto sandbox = data::parse_json(read_file(pod.path().string() + "/sandbox.json").value_or("null"));
          if (sandbox && sandbox->is_object()) e.sandboxes.push_back(sandbox_of(*sandbox));
        }
        done(std::move(e));
      });
}

void ProcessRuntime::on_end(std::function<void(const ContainerState&)> listener) {
  listeners_.push_back(std::move(listener));
}

void ProcessRuntime::ended(const ProcessState& state) {
  if (state.id.starts_with("exec/")) return exec_ended(state.id, state);
  const auto key = key_of_process(state.id);
  if (!key) return;
  const ContainerState c = state_of(state, *key);
  for (const auto& listener : std::vector(listeners_)) listener(c);
}

void ProcessRuntime::check_exec(const ContainerKey& key, std::vector<std::string> argv, base::Duration limit,
                                Done<CheckResult> done) {
  const auto stored = data::parse_json(read_file(layout_.container(key) + "/process.json").value_or("null"));
  const std::string id =
      "exec/" + key.pod + "/" + key.container + "/" + std::to_string(++next_exec_) + "-" + std::to_string(getpid());
  ProcessSpec spec = shim::spec_of(stored.value_or(Value()));
  spec.id = id;
  spec.argv = std::move(argv);
  spec.join = process_id(key);
  spec.capture = kExecOutput;
  spec.stdout_path = spec.cgroup = {};
  Exec& exec = execs_[id] = Exec{.done = std::move(done)};
  exec.limit = loop_.after(limit, [this, id] {
    const auto it = execs_.find(id);
    if (it == execs_.end()) return;
    it->second.late = true;
    host_.signal(id, SIGKILL, [](Result<bool>) {});
  });
  host_.spawn(std::move(spec), [this, id, alive = std::weak_ptr(alive_)](Result<ProcessState> s) {
    if (alive.expired() || s) return;
    if (auto node = execs_.extract(id)) node.mapped().done(CheckResult{false, s.error().message});
  });
}

void ProcessRuntime::exec_ended(const std::string& id, const ProcessState& state) {
  host_.forget(id, [](Result<bool>) {});
  auto node = execs_.extract(id);
  if (node.empty()) return;  // asked for by an earlier server
  Exec& e = node.mapped();
  e.limit.cancel();
  if (e.late) return e.done(CheckResult{false, "command timed out"});
  e.done(CheckResult{state.exit_code == 0, state.exit_code == 0 ? "" : short_output(state.output)});
}

void ProcessRuntime::with_socket(Done<int> done) {
  if (!loopback()) return host_.open_socket(control::NetworkSpace::Node, AF_INET, SOCK_STREAM, std::move(done));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return done(os_fail("open socket"));
  done(fd);
}

void ProcessRuntime::check_http(const ContainerKey& key, HttpCheck check, base::Duration limit,
                                Done<CheckResult> done) {
  auto checked = only_from_the_pod(key, check.ip, check.port, std::move(done));
  with_socket(
      [this, check, limit, checked = std::move(checked), alive = std::weak_ptr(alive_)](Result<int> fd) mutable {
        UniqueFd socket(fd.value_or(-1));
        if (alive.expired()) return;
        if (!socket) return checked(CheckResult{false, fd.error().message});
        dial_http(loop_, std::move(socket), check, limit,
                  [checked = std::move(checked)](CheckResult r) mutable { checked(std::move(r)); });
      });
}

void ProcessRuntime::check_tcp(const ContainerKey& key, std::string ip, int port, base::Duration limit,
                               Done<CheckResult> done) {
  auto checked = only_from_the_pod(key, ip, port, std::move(done));
  with_socket(
      [this, ip, port, limit, checked = std::move(checked), alive = std::weak_ptr(alive_)](Result<int> fd) mutable {
        UniqueFd socket(fd.value_or(-1));
        if (alive.expired()) return;
        if (!socket) return checked(CheckResult{false, fd.error().message});
        dial_tcp(loop_, std::move(socket), ip, port, limit,
                 [checked = std::move(checked)](CheckResult r) mutable { checked(std::move(r)); });
      });
}

PodRuntime::Done<CheckResult> ProcessRuntime::only_from_the_pod(const ContainerKey& key, std::string ip, int port,
                                                                Done<CheckResult> done) {
  if (!loopback()) return done;
  return [this, key, ip = std::move(ip), port, done = std::move(done),
          alive = std::weak_ptr(alive_)](Result<CheckResult> r) mutable {
    if (alive.expired()) return;
    if (r && r->ok && !is_pods_own(key, ip, port))
      r = CheckResult{false, "port " + std::to_string(port) + " of " + ip +
                                 " is answered by another process, not by this pod: listen on $POD_IP"};
    done(std::move(r));
  };
}

bool ProcessRuntime::is_pods_own(const ContainerKey& key, const std::string& ip, int port) {
  const auto inodes = listening_inodes(ip, port);
  std::set<std::string>& known = own_sockets_[key];
  for (const std::string& inode : inodes)
    if (known.contains(inode)) return true;
  // Any container of the pod will do: probes may ask for a port of a sidecar.
  for (const auto& [other, pid] : pids_) {
    if (other.pod != key.pod || !session_holds(static_cast<pid_t>(pid), inodes)) continue;
    known.insert(inodes.begin(), inodes.end());
    return true;
  }
  return false;
}

}  // namespace slipway::node
