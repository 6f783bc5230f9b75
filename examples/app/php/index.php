myapp 1.0 on <?= gethostname() ?>

