"""The PC face: the back office under /admin/, built on Flask-Admin with a look of its own."""
