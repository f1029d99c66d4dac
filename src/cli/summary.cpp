#include "cli/summary.h"

#include <cstdlib>
#include <fstream>

#include "api/meta.h"
#include "cli/release_text.h"

namespace slipway::cli {

std::string summary_path(const Until& until) {
  if (!until.summary.empty()) return until.summary;
  const char* of_job = std::getenv("GITHUB_STEP_SUMMARY");
  return of_job ? of_job : "";
}

base::Result<void> append_summary(const std::string& path, const Sight& sight, const std::string& ended) {
  const std::string text = sight.has_release()
                               ? joined(view::render_markdown(view::compute(sight.objects, sight.now), ended))
                               : "### deployment/" + std::string(api::name_of(sight.deployment)) + ": " +
                                     std::string(to_text(judge(sight))) + " (no Release: it rolls by itself)\n";
  std::ofstream out(path, std::ios::binary | std::ios::app);
  if (!(out << text).flush()) return base::fail(base::Code::Internal, "--summary " + path + ": it cannot be written");
  return {};
}

}  // namespace slipway::cli
