#include "node/shim/log_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "node/posix.h"

namespace slipway::node::shim {

base::Result<void> LogWriter::open(std::string path, LogLimits limits) {
  path_ = std::move(path);
  limits_ = limits;
  if (path_.empty()) return {};
  if (auto made = make_folders(path_.substr(0, path_.rfind('/')), 0750); !made) return made;
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return os_fail("open log " + path_);
  struct stat s{};
  fstat(file_.get(), &s);
  size_ = static_cast<std::uint64_t>(s.st_size);
  return {};
}

void LogWriter::write(Stream stream, std::string_view bytes, base::Time now) {
  if (!file_) return;
  std::string& rest = rest_[static_cast<int>(stream)];
  while (!bytes.empty()) {
    const std::size_t room = limits_.piece_bytes - rest.size();
    const std::size_t newline = bytes.substr(0, room + 1).find('\n');
    const std::string_view piece = bytes.substr(0, newline == bytes.npos ? room : newline);
    rest += piece;
    bytes.remove_prefix(piece.size() + (newline != bytes.npos ? 1 : 0));
    if (newline == std::string_view::npos && rest.size() < limits_.piece_bytes) break;
    append_line(stream, rest, newline == std::string_view::npos ? 'P' : 'F', now);
    rest.clear();
  }
  flush();
}

void LogWriter::end(Stream stream, base::Time now) {
  std::string& rest = rest_[static_cast<int>(stream)];
  if (!file_ || rest.empty()) return;
  append_line(stream, rest, 'P', now);
  rest.clear();
  flush();
}

void LogWriter::append_line(Stream stream, std::string_view text, char tag, base::Time now) {
  pending_ += base::format_nano_time(now);
  pending_ += stream == Stream::Out ? " stdout " : " stderr ";
  pending_ += tag;
  pending_ += ' ';
  pending_ += text;
  pending_ += '\n';
}

void LogWriter::flush() {
  if (pending_.empty()) return;
  if (size_ > 0 && size_ + pending_.size() > limits_.file_bytes) rotate();
  if (write_all(file_.get(), pending_))
    size_ += pending_.size();
  else
    lost_ += pending_.size();
  pending_.clear();
}

void LogWriter::rotate() {
  for (int i = limits_.files - 2; i >= 1; --i)
    rename((path_ + "." + std::to_string(i)).c_str(), (path_ + "." + std::to_string(i + 1)).c_str());
  rename(path_.c_str(), (path_ + ".1").c_str());
  UniqueFd fresh(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fresh) return;  // goes on in the old file, now named .1
  file_ = std::move(fresh);
  size_ = 0;
}

}  // namespace slipway::node::shim
