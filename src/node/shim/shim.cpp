#include "node/shim/shim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string_view>

#include "node/posix.h"
#include "node/shim/server.h"

namespace slipway::node {

using base::Result;
using shim::Options;
using shim::Wanted;

namespace {

Result<Options> parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    if (arg == "--foreground") {
      o.foreground = true;
      continue;
    }
    if (arg == "--data-dir" && !value.empty())
      o.data_dir = value;
    else if (arg == "--runtime" && (value == "best" || value == "isolated" || value == "loopback"))
      o.wanted = value == "loopback" ? Wanted::Loopback : value == "isolated" ? Wanted::Isolated : Wanted::Best;
    else
      return base::fail(base::Code::BadRequest, "unknown or incomplete argument " + std::string(arg));
    ++i;
  }
  if (o.data_dir.empty()) return base::fail(base::Code::BadRequest, "--data-dir is missing");
  return o;
}

// Held as long as the shim lives; the descriptor is close-on-exec, so children do not hold it.
Result<UniqueFd> take_lock(const std::string& path) {
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return os_fail("open " + path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return base::fail(base::Code::AlreadyExists, "another shim runs on this data directory (it holds " + path + ")");
  return lock;
}

// Goes to the background; the parent waits for one byte that says that the socket listens. Returns that pipe's end in
// the child.
Result<UniqueFd> detach(const std::string& log) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return os_fail("pipe");
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return os_fail("fork");
  if (child > 0) {
    write_end.reset();
    char text[2048];
    const ssize_t n = read(read_end.get(), text, sizeof text);
    if (n == 1) _exit(0);
    // To standard output, for the program that started us and passes it on.
    std::printf("%.*s\n", static_cast<int>(n > 0 ? n : 0), text);
    std::fflush(stdout);
    _exit(1);
  }
  setsid();
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const UniqueFd out(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  dup2(null.get(), 0);
  dup2(out ? out.get() : null.get(), 1);
  dup2(out ? out.get() : null.get(), 2);
  return write_end;
}

Result<void> serve(const Options& options, UniqueFd& ready) {
  const std::string run = options.data_dir + "/run", stage = run + "/stage";
  auto lock = take_lock(run + "/shim.lock");
  if (!lock) return base::fail(lock.error());
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  umask(022);
  shim::NetKeeper keeper;
  shim::Ground ground{.cgroups = shim::Cgroups::probe(), .stage = stage};
  ground.report = shim::climb(options.wanted, run, keeper);
  if (options.wanted == Wanted::Isolated && !keeper.running())
    return base::fail(base::Code::Forbidden, "isolated pods do not work here: " + ground.report.notes.back() +
                                                 "; --runtime loopback works everywhere");
  ground.report.cgroups = ground.cgroups.usable();
  if (!ground.report.cgroups) ground.report.notes.push_back("no control groups: " + ground.cgroups.why());
  shim::Journal journal;
  if (auto opened = journal.open(run + "/shim.journal"); !opened) return opened;
  shim::Reactor reactor;
  shim::Server server(reactor, ground, keeper, journal);
  if (auto listening = server.listen(shim::socket_path(options.data_dir)); !listening) return listening;
  if (auto noted = write_file(run + "/shim.pid", std::to_string(getpid()) + "\n", 0600); !noted) return noted;
  if (ready) (void)write_all(ready.get(), "r");
  ready.reset();
  server.run();
  unlink(shim::socket_path(options.data_dir).c_str());
  unlink((run + "/shim.pid").c_str());
  return {};
}

}  // namespace

int shim_main(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options) {
    std::fprintf(stderr, "slipway shim: %s\n", options.error().message.c_str());
    return 2;
  }
  const std::string run = options->data_dir + "/run";
  clearenv();
  auto made = make_folders(run, 0700);
  auto ready = !made                 ? Result<UniqueFd>(base::fail(made.error()))
               : options->foreground ? Result<UniqueFd>(UniqueFd())
                                     : detach(run + "/shim.log");
  if (!ready) return std::printf("%s\n", ready.error().message.c_str()), 1;
  const auto served = serve(*options, *ready);
  if (served) return 0;
  if (*ready)
    (void)write_all(ready->get(), served.error().message);
  else
    std::fprintf(stderr, "slipway shim: %s\n", served.error().message.c_str());
  return 1;
}

}  // namespace slipway::node
