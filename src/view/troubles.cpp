#include <fmt/format.h>

#include "base/error.h"
#include "view/plain.h"
#include "view/render.h"

namespace slipway::view {
namespace {

using delivery::Cure;
using delivery::Trouble;

std::string cure_text(const Trouble& t) {
  switch (t.cure) {
    case Cure::Time:
      return "it may pass by itself";
    case Cure::Somebody:
      return "it does not pass by itself: something has to be mended";
    case Cure::Version:
      if (t.kind == delivery::TroubleKind::ImagePull)
        return "it does not pass by itself: the image has to be there, or another version is needed";
      return "it does not pass by itself: another version is needed";
  }
  base::bug("unknown cure", __FILE__, __LINE__);
}

std::string object_text(const Trouble& t, Time now) {
  const std::string others = t.count > 1 ? fmt::format(" and {} more", t.count - 1) : "";
  const std::string time = t.since ? ", for " + base::human_duration(now - *t.since) : "";
  const std::string where = t.space.empty() ? "" : " in " + t.space;
  return t.object + others + where + time + (t.overruled ? ", overruled" : "");
}

}  // namespace

Lines render_troubles(const ReleaseView& view, const Style& style) {
  const ReleaseView v = plain(view);
  Lines out;
  for (const Trouble& t : v.troubles) {
    const delivery::TroubleEntry& entry = delivery::entry_of(t.kind);
    const bool passes = t.cure == Cure::Time;
    out.push_back(fmt::format("{} {} {}   {}", paint(style, passes ? Colour::Yellow : Colour::Red, passes ? "!" : "✗"),
                              entry.code, entry.name, object_text(t, v.now)));
    out.push_back("  " + t.message);
    out.push_back(fmt::format("  {}    next: {}", cure_text(t), delivery::remedy_of(t, v.name, v.space)));
  }
  for (std::string& line : out) line = cut(line, style.width);
  return out;
}

std::string message_beside_troubles(const ReleaseView& v) {
  std::string out = v.message;
  for (const Trouble& t : v.troubles) {
    const std::string said = "; " + t.object + ": " + t.message;
    if (const auto at = out.find(said); at != out.npos) out.erase(at, said.size());
  }
  return out;
}

}  // namespace slipway::view
