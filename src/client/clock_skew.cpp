#include "client/clock_skew.h"

#include <fmt/format.h>

#include <ctime>

namespace slipway::client {

std::optional<base::Duration> skew_of(std::string_view date, base::Time sent, base::Time received) {
  const std::string text(date);
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const base::Time least{base::seconds(::timegm(&parts))}, most = least + base::seconds(1);
  if (sent > most) return sent - most;
  if (received < least) return received - least;
  return base::Duration{};
}

std::string skew_text(base::Duration skew) {
  const auto seconds = skew / base::seconds(1);
  return fmt::format(
      "this machine's clock is {} s {} the API server's: waits of releases (minReadySeconds, pauses) are off by as "
      "much. "
      "Set it right, by NTP for example",
      seconds < 0 ? -seconds : seconds, seconds < 0 ? "behind" : "ahead of");
}

}  // namespace slipway::client
