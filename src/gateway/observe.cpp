#include "gateway/observe.h"

#include <algorithm>

#include "base/strings.h"

namespace slipway::gateway {
namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::string_view part : base::split(line, ' ')) {
    if (!part.empty()) out.push_back(part);
  }
  return out;
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  for (std::string_view line : base::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) visit(line);
  }
}

int number(std::string_view text) { return static_cast<int>(base::parse_int(text).value_or(0)); }

// Positions of the columns that we read in a "# a b c" header.
std::map<std::string, std::size_t> columns(std::string_view header, char separator) {
  std::map<std::string, std::size_t> out;
  header.remove_prefix(std::min<std::size_t>(2, header.size()));
  std::size_t i = 0;
  for (std::string_view name : base::split(header, separator)) out.emplace(std::string(name), i++);
  return out;
}

// srv_admin_state bits: maintenance forced, inherited, from configuration, by DNS; drain forced, inherited.
constexpr int kMaintenanceBits = 0x01 | 0x02 | 0x04 | 0x20, kDrainBits = 0x08 | 0x10;

ServerMode mode_of(int admin) {
  if (admin & kMaintenanceBits) return ServerMode::Maintenance;
  return admin & kDrainBits ? ServerMode::Drain : ServerMode::Ready;
}

}  // namespace

base::Result<std::vector<ProcessLine>> parse_processes(std::string_view text) {
  std::vector<ProcessLine> out;
  bool master = false;
  each_line(text, [&](std::string_view line) {
    auto w = words(line);
    if (w.size() < 3 || w[0].starts_with('#')) return;
    master = master || w[1] == "master";
    if (w[1] == "worker") out.push_back({number(w[0]), number(w[2]) > 0});
  });
  if (!master) return base::fail(base::Code::Unavailable, "the proxy's master does not answer `show proc` as expected");
  // After a failed reload the running worker counts as reloaded; it is the current one all the same.
  std::size_t at_old = text.find("# old workers");
  for (ProcessLine& p : out) {
    auto at = text.find("\n" + std::to_string(p.pid) + " ");
    p.old = at_old != std::string_view::npos && at != std::string_view::npos && at > at_old;
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return std::pair(a.old, a.pid) < std::pair(b.old, b.pid); });
  return out;
}

int parse_failed_reloads(std::string_view text) {
  auto at = text.find("[failed: ");
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + 9);
  return number(text.substr(0, text.find(']')));
}

Map parse_map(std::string_view text) {
  Map out;
  each_line(text, [&](std::string_view line) {
    auto w = words(line);
    if (w.size() >= 3 && w[0].starts_with("0x")) out[std::string(w[1])] = std::string(w[2]);
  });
  return out;
}

SlotServers parse_servers(std::string_view text) {
  SlotServers out;
  each_line(text, [&](std::string_view line) {
    // be_id be_name srv_id srv_name srv_addr op_state admin_state ... (19th) srv_port
    auto w = words(line);
    if (w.size() < 19 || w[0].starts_with('#')) return;
    ServerState state{.address = std::string(w[4]) + ":" + std::string(w[18]), .mode = mode_of(number(w[6]))};
    out[std::string(w[1])][std::string(w[3])] = std::move(state);
  });
  return out;
}

void parse_stat(std::string_view csv, SlotServers& servers, std::map<std::string, SectionCount>& sections) {
  std::map<std::string, std::size_t> column;
  each_line(csv, [&](std::string_view line) {
    if (line.starts_with('#')) {
      column = columns(line, ',');
      return;
    }
    auto cells = base::split(line, ',');
    auto cell = [&](const char* name) {
      auto found = column.find(name);
      return found != column.end() && found->second < cells.size() ? cells[found->second] : std::string_view();
    };
    std::string section(cell("pxname"));
    if (cell("svname") == "BACKEND") {
      auto requests = cell("req_tot").empty() ? cell("stot") : cell("req_tot");
      sections[section] = {number(cell("scur")) + number(cell("qcur")), base::parse_int(requests).value_or(0)};
    } else if (auto found = servers.find(section); found != servers.end()) {
      auto server = found->second.find(std::string(cell("svname")));
      if (server != found->second.end()) server->second.sessions = number(cell("scur")) + number(cell("qcur"));
    }
  });
}

void parse_info(std::string_view text, Worker& worker) {
  each_line(text, [&](std::string_view line) {
    auto colon = line.find(": ");
    if (colon == std::string_view::npos) return;
    std::string_view key = line.substr(0, colon), value = line.substr(colon + 2);
    if (key == "description") worker.fingerprint = value;
    if (key == "DroppedLogs") worker.dropped_logs = base::parse_uint(value).value_or(0);
  });
}

std::string write_weights(const std::vector<SlotShare>& shares) {
  std::string out;
  int end = 0;
  for (const SlotShare& s : shares) {
    end += s.share;
    if (s.share > 0) out += (out.empty() ? "" : ":") + std::to_string(end) + ":" + std::to_string(s.slot);
  }
  return out.empty() ? "0:0" : out;
}

std::vector<SlotShare> read_weights(std::string_view line) {
  auto parts = base::split(line, ':');
  std::vector<SlotShare> out;
  int before = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    int end = number(parts[i]);
    if (end > before) out.push_back({number(parts[i + 1]), end - before});
    before = std::max(before, end);
  }
  return out;
}

}  // namespace slipway::gateway
