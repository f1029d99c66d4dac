#include "node/shim/launch.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/strings.h"
#include "node/posix.h"
#include "node/shim/rootfs.h"

namespace slipway::node::shim {

using base::Result;

namespace {

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return os_fail("pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

struct Pipes {
  Pipe out, err, error, status, go;
};

Result<Pipes> make_pipes() {
  Pipes p;
  for (Pipe* pipe : {&p.out, &p.err, &p.error, &p.status, &p.go}) {
    auto made = make_pipe();
    if (!made) return base::fail(made.error());
    *pipe = std::move(*made);
  }
  return p;
}

bool isolated_root(const Launch& l) { return l.isolate && !l.spec.root.empty() && l.spec.join.empty(); }
bool own_pids(const Launch& l) {
  return l.isolate && l.spec.join.empty() && (l.spec.private_pids || !l.spec.root.empty());
}
bool supervised(const Launch& l) { return own_pids(l) || (!l.spec.join.empty() && l.join.namespaces); }

unsigned long clone_flags(const Launch& l) {
  unsigned long flags = SIGCHLD;
  if (has_own_root(l)) flags |= CLONE_NEWNS;
  if (isolated_root(l)) flags |= CLONE_NEWUTS | CLONE_NEWIPC;
  if (own_pids(l)) flags |= CLONE_NEWPID;
  return flags;
}

// --- the child's side: everything below runs after clone ---------------------------------------------------------

class Child {
 public:
  Child(const Launch& launch, Pipes pipes) : l_(launch), spec_(launch.spec), p_(std::move(pipes)) {}

  [[noreturn]] void run() {
    close_parents_ends();
    char go = 0;
    if (read(p_.go.read.get(), &go, 1) != 1) _exit(127);  // the shim is gone
    if (auto ready = prepare(); !ready) give_up(ready.error());
    if (supervised(l_)) supervise();
    exec();
  }

 private:
  void close_parents_ends() {
    for (UniqueFd* fd : {&p_.out.read, &p_.err.read, &p_.error.read, &p_.status.read, &p_.go.write}) fd->reset();
  }

  [[noreturn]] void give_up(const base::Error& error) {
    (void)write_all(p_.error.write.get(), std::string(base::reason_of(error.code)) + " " + error.message);
    _exit(127);
  }

  Result<void> prepare() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    if (!spec_.join.empty()) return enter_joined();
    if (l_.network >= 0 && setns(l_.network, CLONE_NEWNET) != 0) return os_fail("enter network");
    if (isolated_root(l_)) {
      if (!spec_.hostname.empty() && sethostname(spec_.hostname.data(), spec_.hostname.size()) != 0)
        return os_fail("set host name");
      return enter_root({spec_.root, spec_.mounts, l_.stage});
    }
    return has_own_root(l_) ? mount_over_host(spec_.mounts) : Result<void>();
  }

  Result<void> enter_joined() {
    if (!l_.join.namespaces) return {};
    const std::string base = "/proc/" + std::to_string(l_.join.pid) + "/ns/";
    std::vector<std::pair<int, UniqueFd>> spaces;  // all are opened before /proc changes under our feet
    for (const auto& [name, flag] : {std::pair("ipc", CLONE_NEWIPC),
                                     {"uts", CLONE_NEWUTS},
                                     {"net", CLONE_NEWNET},
                                     {"pid", CLONE_NEWPID},
                                     {"mnt", CLONE_NEWNS}}) {
      spaces.emplace_back(flag, UniqueFd(open((base + name).c_str(), O_RDONLY | O_CLOEXEC)));
      if (!spaces.back().second) return os_fail("open namespace of " + spec_.join);
    }
    for (const auto& [flag, fd] : spaces)
      if (setns(fd.get(), flag) != 0) return os_fail("enter namespace of " + spec_.join);
    return {};
  }

  // Becomes the supervisor; returns only in its child, which goes on to exec.
  void supervise() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    const pid_t main = fork();
    if (main < 0) give_up(os_error("fork", errno));
    if (main == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      setsid();
      return;
    }
    const int status = p_.status.write.release();
    dup2(status, 3);
    close_range(4, ~0u, 0);
    for (int fd : {0, 1, 2}) close(fd);
    reap_until_end(main, all);
  }

  [[noreturn]] static void reap_until_end(pid_t main, const sigset_t& all) {
    while (true) {
      siginfo_t info{};
      const int signal = sigwaitinfo(&all, &info);
      if (signal > 0 && signal != SIGCHLD) kill(-main, signal);
      int status = 0;
      for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (ended != main) continue;
        if (::write(3, &status, sizeof status) != sizeof status) _exit(126);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
      }
    }
  }

  [[noreturn]] void exec() {
    if (auto ready = in_turn([&] { return drop_rights(); }, [&] { return go_home(); }); !ready) give_up(ready.error());
    const std::string program = find_program();
    if (program.empty())
      give_up({.code = base::Code::NotFound,
               .message = "program " + spec_.argv[0] + " is not in the image (or not executable)"});
    arrange_descriptors();
    if (auto limited = set_limits(); !limited) give_up(limited.error());
    std::vector<std::string> env;
    for (const auto& [name, value] : spec_.env) env.push_back(name + "=" + value);
    const auto argv = pointers(spec_.argv), envp = pointers(env);
    reset_signals();
    execve(program.c_str(), argv.data(), envp.data());
    give_up(os_error("execute " + program, errno));
  }

  Result<void> set_limits() {
    static const std::map<std::string, __rlimit_resource> kNames = {{"nofile", RLIMIT_NOFILE},
                                                                    {"as", RLIMIT_AS},
                                                                    {"cpu", RLIMIT_CPU},
                                                                    {"nproc", RLIMIT_NPROC},
                                                                    {"core", RLIMIT_CORE}};
    for (const auto& [name, value] : spec_.rlimits) {
      const auto it = kNames.find(name);
      if (it == kNames.end()) return base::fail(base::Code::Invalid, "unknown limit " + name);
      rlimit limit{};
      getrlimit(it->second, &limit);
      limit.rlim_max =
          std::min<rlim_t>(limit.rlim_max, value);  // raising the hard limit takes a right that we may lack
      limit.rlim_cur = std::min<rlim_t>(value, limit.rlim_max);
      if (setrlimit(it->second, &limit) != 0) return os_fail("set limit " + name);
    }
    return {};
  }

  Result<void> drop_rights() {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_fail("set no_new_privs");
    if (l_.user_namespace) return isolated_root(l_) || l_.join.namespaces ? drop_capabilities() : Result<void>();
    if (spec_.uid == 0) return {};
    const gid_t gid = spec_.gid != 0 ? spec_.gid : spec_.uid;
    if (setgroups(0, nullptr) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(spec_.uid, spec_.uid, spec_.uid) != 0)
      return os_fail("become user " + std::to_string(spec_.uid));
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // forgotten by the kernel when the user changes
    return {};
  }

  // Uid 0 of a user namespace must not keep rights over the node's namespaces.
  static Result<void> drop_capabilities() {
    for (int c = 0; prctl(PR_CAPBSET_READ, c) >= 0; ++c)
      if (prctl(PR_CAPBSET_DROP, c) != 0) return os_fail("drop capability");
    prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    if (syscall(SYS_capset, &header, none) != 0) return os_fail("drop capabilities");
    return {};
  }

  Result<void> go_home() {
    if (chdir(spec_.cwd.c_str()) != 0) return os_fail("working directory " + spec_.cwd);
    return {};
  }

  std::string find_program() const {
    const std::string& name = spec_.argv[0];
    if (name.find('/') != name.npos) return executable(name) ? name : "";
    std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (const auto& [key, value] : spec_.env)
      if (key == "PATH") path = value;
    for (std::string_view folder : base::split(path, ':'))
      if (const std::string file = std::string(folder) + "/" + name; executable(file)) return file;
    return {};
  }

  static bool executable(const std::string& path) {
    struct stat s{};
    return stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && access(path.c_str(), X_OK) == 0;
  }

  // 0: /dev/null, 1 and 2: the pipes, 3...: the passed ones; the error pipe stays until exec, everything else is
  // closed.
  void arrange_descriptors() {
    std::vector<int> wanted = {open("/dev/null", O_RDWR | O_CLOEXEC), p_.out.write.get(), p_.err.write.get()};
    wanted.insert(wanted.end(), l_.pass_fds.begin(), l_.pass_fds.end());
    const int count = static_cast<int>(wanted.size());
    // Out of the way first, so that no dup2 overwrites a source.
    for (int& fd : wanted) fd = fcntl(fd, F_DUPFD_CLOEXEC, count + 1);
    const int error = fcntl(p_.error.write.get(), F_DUPFD_CLOEXEC, count + 1);
    for (int i = 0; i < count; ++i) dup2(wanted[i], i);
    p_.error.write.reset(dup3(error, count, O_CLOEXEC));
    close_range(static_cast<unsigned>(count) + 1, ~0u, 0);
  }

  static std::vector<char*> pointers(const std::vector<std::string>& list) {
    std::vector<char*> out;
    for (const std::string& s : list) out.push_back(const_cast<char*>(s.c_str()));
    out.push_back(nullptr);
    return out;
  }

  static void reset_signals() {
    for (int s = 1; s < NSIG; ++s) signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    umask(022);
  }

  const Launch& l_;
  const control::ProcessSpec& spec_;
  Pipes p_;
};

}  // namespace

bool has_own_root(const Launch& l) {
  return isolated_root(l) || (l.isolate && l.spec.join.empty() && !l.spec.mounts.empty());
}

Result<Launched> launch(const Launch& what) {
  if (what.spec.argv.empty()) return base::fail(base::Code::Invalid, "no program to run");
  auto pipes = make_pipes();
  if (!pipes) return base::fail(pipes.error());
  const long pid = syscall(SYS_clone, clone_flags(what), nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return os_fail("start process");
  if (pid == 0) Child(what, std::move(*pipes)).run();
  return Launched{.pid = static_cast<pid_t>(pid),
                  .supervised = supervised(what),
                  .out = std::move(pipes->out.read),
                  .err = std::move(pipes->err.read),
                  .error = std::move(pipes->error.read),
                  .status = std::move(pipes->status.read),
                  .go = std::move(pipes->go.write)};
}

void release(Launched& child) {
  (void)write_all(child.go.get(), "g");
  child.go.reset();
}

}  // namespace slipway::node::shim
