/** Staff pages: upload with progress, the state of pictures, the preview that takes and gives views. */
import { watchPictures } from "./studio/pictures";
import { showPreview } from "./studio/preview";
import { enhanceUpload } from "./studio/upload";

enhanceUpload();
watchPictures();
void showPreview();
