/** Staff pages: upload with progress, the state of pictures, the preview that takes and gives views. */
import { startArchives } from "./studio/archive";
import { startEditor } from "./studio/editor/editor";
import { orderScenes } from "./studio/editor/order";
import { arrangePlan } from "./studio/editor/plan";
import { enhanceFiles } from "./studio/editor/upload-file";
import { numberFocus } from "./studio/numbers";
import { watchPictures } from "./studio/pictures";
import { showPreview } from "./studio/preview";
import { enhanceUploads } from "./studio/uploads/uploads";

void enhanceUploads();
watchPictures();
void showPreview();
void startEditor();
void orderScenes();
void arrangePlan();
void enhanceFiles();
void startArchives();
numberFocus();
