#include "node/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/strings.h"
#include "node/posix.h"
#include "node/runtimes/layout.h"

namespace slipway::node {

namespace {

constexpr std::size_t kSlice = 256u << 10;                      // read in one turn of the loop
constexpr base::Duration kLookAgain = base::milliseconds(100);  // while following

// Runs that have a log, by attempt.
std::vector<std::int64_t> attempts_in(const std::string& folder) {
  std::vector<std::int64_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".log"))
      if (const auto n = base::parse_int(std::string_view(name).substr(0, name.size() - 4))) out.push_back(*n);
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Stream final : public LogStream, public std::enable_shared_from_this<Stream> {
 public:
  Stream(runtime::Loop& loop, std::string folder, std::int64_t attempt, LogQuery query, std::function<bool()> follows,
         LogReader& reader)
      : loop_(loop),
        folder_(std::move(folder)),
        attempt_(attempt),
        filter_(std::move(query)),
        follows_(std::move(follows)),
        reader_(reader) {
    open_files();
  }

  void next() {
    loop_.post([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->step();
    });
  }

 private:
  std::string path() const { return folder_ + "/" + std::to_string(attempt_) + ".log"; }

  // Rotated ones first, the oldest of them at first. Open descriptors stay with their file when it is renamed.
  void open_files() {
    for (int i = 9; i >= 0; --i) {
      UniqueFd file(
          ::open((path() + (i == 0 ? "" : "." + std::to_string(i))).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      if (file) files_.push_back(std::move(file));
    }
  }

  void step() {
    static char buffer[kSlice];
    const ssize_t n = files_.empty() ? 0 : read(files_.front().get(), buffer, sizeof buffer);
    if (n > 0) {
      deliver(filter_.feed({buffer, static_cast<std::size_t>(n)}));
      return filter_.full() ? end() : next();
    }
    if (files_.size() > 1) {
      files_.erase(files_.begin());
      return next();
    }
    if (!std::exchange(live_, true)) deliver(filter_.live());
    if (filter_.full() || !follows_) return end();
    if (rotated()) return next();
    // Asked before the last look, so that what is written until then is still seen.
    if (std::exchange(last_look_, !follows_())) return end();
    if (last_look_) return next();
    timer_ = loop_.after(kLookAgain, [this] { step(); });
  }

  // The current file was renamed away and a fresh one stands in its place.
  bool rotated() {
    struct stat ours{}, now{};
    if (files_.empty() || fstat(files_.back().get(), &ours) != 0 || stat(path().c_str(), &now) != 0 ||
        ours.st_ino == now.st_ino)
      return false;
    UniqueFd fresh(::open(path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fresh) return false;
    files_.push_back(std::move(fresh));
    return true;
  }

  void deliver(const std::string& text) {
    if (!text.empty()) reader_.data(text);
  }
  void end() {
    files_.clear();
    reader_.ended(std::nullopt);
  }

  runtime::Loop& loop_;
  std::string folder_;
  std::int64_t attempt_;
  LogFilter filter_;
  std::function<bool()> follows_;
  LogReader& reader_;
  std::vector<UniqueFd> files_;
  runtime::Timer timer_;
  bool live_ = false, last_look_ = false;
};

class Handle final : public LogStream {
 public:
  explicit Handle(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}

 private:
  std::shared_ptr<Stream> stream_;
};

}  // namespace

base::Result<std::unique_ptr<LogStream>> Logs::open(const LogTarget& t, LogQuery query, std::function<bool()> follows,
                                                    LogReader& reader) {
  for (const std::string& name : {t.space, t.pod, t.uid, t.container})
    if (!is_safe_name(name)) return base::fail(base::Code::BadRequest, "bad name in a log request");
  const std::string folder = Layout{data_dir_}.logs(t.space, t.pod, t.uid) + "/" + t.container;
  const auto attempts = attempts_in(folder);
  const std::size_t wanted = t.previous ? 2 : 1;
  if (attempts.size() < wanted)
    return base::fail(base::Code::BadRequest,
                      t.previous
                          ? "previous terminated container \"" + t.container + "\" in pod \"" + t.pod + "\" not found"
                          : "container \"" + t.container + "\" in pod \"" + t.pod + "\" is waiting to start");
  auto stream = std::make_shared<Stream>(loop_, folder, attempts[attempts.size() - wanted], std::move(query),
                                         std::move(follows), reader);
  stream->next();
  return std::make_unique<Handle>(std::move(stream));
}

}  // namespace slipway::node
